import type { FoundDeposit } from "../../engine/operations/inventory/deposit";
import type { Left } from "../../engine/operations/undo/blue";
import type { Plan } from "./plan";

/** The result. */
export interface Undone {
  ok: boolean;
  stack: string;
  wiki: string;
  taken: string[];
  kept: string[];
  left: Left[];
  /** Settings that end only with a restart of blue's MariaDB. */
  untilRestart: string[];
  green: Plan["green"];
  next: string[];
}

const width = 11;
const line = (word: string, text: string) => `${word.padEnd(width)}${text}`;

/** What happens to an object that was found; undefined where nothing does. */
export function fate(plan: Plan, { side, name, askedFor, found }: FoundDeposit): string {
  if (name === "settings until a restart")
    return plan.restart ? "ends: one restart" : "ends at the next restart";
  if (side === "green") {
    if (name === "volumes") {
      const named = plan.removeVolumes.filter((volume) => found.split(" ").includes(volume));
      return named.length > 0 ? `removes ${named.join(" ")}, keeps the others` : "keeps";
    }
    if (name === "replication account") return plan.green === "kept" ? "takes back" : "goes with green";
    return plan.green === "removed" ? "removes" : "keeps";
  }
  return askedFor !== undefined && !plan.removeReplaced ? `keeps (${askedFor} removes it)` : "takes back";
}

export function formatPlan(plan: Plan): string {
  const { there } = plan;
  return `${[
    line("wiki", `${plan.wiki}, stack ${plan.stack}, phase ${plan.phase}`),
    line("primary", plan.primary ?? "no record: blue, which serves alone"),
    ...Object.entries(plan.away).map(([side, why]) => line(side, `gives no answer: ${why}`)),
    line("blue", "its database takes writes and follows nobody; job runners and cron run"),
    ...there.found.map((it) => line(it.side, `${fate(plan, it)}: ${it.name} (${it.where}): ${it.found}`)),
    ...there.unseen.map((it) =>
      line(it.side, `can't be seen: ${it.name} (${it.where}), ${it.error.code}; by hand: ${it.byHand}`),
    ),
    line("stack", stackLine(plan)),
  ].join("\n")}\n`;
}

function stackLine({ green }: Plan): string {
  if (green === "kept") return "forgets what held between blue and green; keeps green's resources";
  if (green === "forgotten") return "is emptied without asking green's host";
  return "is emptied: `pulumi destroy` of all that is left; protected resources too, but no data volume";
}

export function formatUndone(undone: Undone): string {
  return `${[
    ...undone.taken.map((what) => line("taken", what)),
    ...undone.kept.map((what) => line("kept", what)),
    line("green", undone.green),
    ...(undone.untilRestart.length > 0
      ? [
          line(
            "restart",
            `takes effect at the next restart of blue's MariaDB: ${undone.untilRestart.join(", ")} (--restart does it now)`,
          ),
        ]
      : []),
    ...undone.left.map(({ what, where, why, byHand }) =>
      line("LEFT", `${what} (${where}): ${why}. By hand: ${byHand}`),
    ),
    ...undone.next.map((what) => line("next", what)),
  ].join("\n")}\n`;
}
