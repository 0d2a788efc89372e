import { type CommonStatus, known, type Unknown } from "./status";

const width = 14;

/** One fact: its name in a column, then the fact. */
export function line(name: string, text: string): string {
  return `${name.padEnd(width)}${text}`;
}

export function problem({ error }: Unknown): string {
  return `${error.code}: ${error.found}`;
}

/**
 * The lines of a status: what is wanted, who is primary, what the kind says, what does not hold, what is next.
 *
 * @param what What is moved, such as `wiki`, and its name.
 * @param own The kind's lines.
 */
export function statusText(status: CommonStatus, [what, name]: [string, string], own: string[]): string {
  const { wanted, primary, contested, next } = status;
  const canary = wanted.canary > 0 ? `, canary ${wanted.canary} %` : "";
  const lines = [
    line(what, `${name}, stack ${status.stack}`),
    line("wanted", `phase ${wanted.phase}, active ${wanted.active}${canary}`),
    line(
      "primary",
      primary
        ? `${primary.side}, epoch ${primary.epoch}, since ${primary.changedAt.slice(0, 19)} UTC`
        : contested
          ? problem({ error: contested })
          : "no record",
    ),
    ...own,
    ...status.unmet.map((unmet, i) => line(i === 0 ? "does not hold" : "", unmet)),
    ...next.flatMap(({ command, effect }, i) => [
      line(i === 0 ? "next" : "", command),
      line("", `  ${effect}`),
    ]),
  ];
  if (next.length === 0) lines.push(line("next", "nothing: the move is over"));
  return `${lines.join("\n")}\n`;
}

export function journalText(part: CommonStatus["journal"]): string[] {
  if (!known(part)) return [line("journal", problem(part))];
  if (part.last.length === 0) return [line("journal", "empty")];
  return part.last.map(({ at, side, step, event }, i) =>
    line(
      i === 0 ? "journal" : "",
      `${at.slice(0, 19).replace("T", " ")}  ${side.padEnd(5)}  ${step}: ${event}`,
    ),
  );
}
