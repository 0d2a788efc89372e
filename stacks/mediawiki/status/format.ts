import { duration, size } from "../../../engine/format";
import { otherSide, type Side } from "../../../engine/move";
import { known, type Part } from "../../common/status";
import { journalText, line, problem, statusText } from "../../common/statusText";
import { type CopyPart, type DatabaseState, lagBoundMs, type Status, type UploadsPart } from "./types";

function database(side: Side, part: Part<DatabaseState>): string[] {
  if (!known(part)) return [line(side, problem(part))];
  const { follows, lease } = part;
  const lines = [
    line(
      side,
      `${part.readOnly ? "read-only" : "takes writes"}, MariaDB ${part.version}${stream(side, follows)}`,
    ),
  ];
  if (lease)
    lines.push(line("", `lease of ${lease.holder} (${lease.purpose}), ends in ${duration(lease.leftMs)}`));
  return lines;
}

function stream(side: Side, follows: DatabaseState["follows"]): string {
  if (!follows) return "";
  const source = otherSide(side);
  if (!follows.running)
    return `; does not follow ${source}: ${follows.cause}${follows.message ? ` (${follows.message})` : ""}`;
  const lag =
    follows.lagMs === null
      ? `is more than ${duration(lagBoundMs)} behind${catchingUp(follows.catchUp)}`
      : `lag ${duration(follows.lagMs)}`;
  return `; follows ${source}, ${lag}, at ${follows.appliedGtid || "the start"}`;
}

function catchingUp(rate: NonNullable<DatabaseState["follows"]>["catchUp"]): string {
  if (!rate) return "";
  const { behind, appliedPerSecond, writtenPerSecond, leftMs } = rate;
  const left = leftMs === undefined ? "does not come nearer" : `${duration(leftMs)} left`;
  return ` (${behind} transactions; applies ${appliedPerSecond}/s of ${writtenPerSecond}/s new ones, ${left})`;
}

/** A copy that has not said anything for so long has ended, in milliseconds. */
const silentMs = 10_000;
const shownTables = 8;

/** What is copied, at which rate, and how long it takes still; in all, or of one table. */
function figures(part: {
  percent: number;
  bytes: number;
  rows: number;
  bytesPerSecond?: number;
  leftMs?: number;
}): string {
  const { percent, bytes, rows, bytesPerSecond, leftMs } = part;
  const rate = bytesPerSecond === undefined ? "" : `, ${size(bytesPerSecond)}/s`;
  const left = leftMs === undefined ? "" : `, ${duration(leftMs)} left`;
  return `${percent} %, ${size(bytes)}, ${rows.toLocaleString("en")} rows${rate}${left}`;
}

function copy(part: Status["copy"]): string[] {
  if (!known(part)) return [line("copy", problem(part))];
  const { progress } = part;
  if (!progress) return [line("copy", copied(part))];
  const quiet = progress.ageMs > silentMs ? `; its run has said nothing for ${duration(progress.ageMs)}` : "";
  const begun = progress.tables.filter(({ percent }) => percent < 100);
  const done = progress.tables.length - begun.length;
  return [
    line(
      "copy",
      `under way: ${figures(progress)}; ${done === 1 ? "1 table is" : `${done} tables are`} done${quiet}`,
    ),
    ...begun.slice(0, shownTables).map((table) => line("", `  ${table.name}: ${figures(table)}`)),
  ];
}

function copied(part: CopyPart): string {
  if (part.gtid === undefined) return part.state === "none" ? "none yet" : part.state;
  const done = part.state === "copied" ? "whole" : part.state;
  return `${done}, as of ${part.gtid}: ${size(part.bytes ?? 0)} in ${duration(part.copyMs ?? 0)}`;
}

function verification(part: Status["verification"]): string {
  if (!known(part)) return problem(part);
  const { last } = part;
  if (!last) return "none yet";
  const since = last.whole ? `, whole at ${last.whole} and ${last.changedRows ?? 0} changed rows since` : "";
  return `${last.ok ? "equal" : "DIFFERENT"} ${duration(last.ageMs)} ago at ${last.gtid}: ${last.tables} tables, ${last.rows} rows${since}`;
}

function uploads(part: Status["uploads"]): string[] {
  if (!known(part)) return [line("uploads", problem(part))];
  const { comparison, keptBytes } = part;
  const lines = [line("uploads", lastPassLine(part))];
  if (comparison) lines.push(line("", `compared ${duration(comparison.agoMs)} ago: ${comparison.told}`));
  if (keptBytes && keptBytes.blue + keptBytes.green > 0)
    lines.push(
      line(
        "",
        `kept of what was replaced or deleted: ${size(keptBytes.blue)} on blue, ${size(keptBytes.green)} on green`,
      ),
    );
  return lines;
}

function lastPassLine(part: UploadsPart): string {
  const ways: Record<string, string> = { pull: "blue to green", push: "green to blue", off: "not followed" };
  const way = ways[part.direction] ?? part.direction;
  const pass = part.lastPass;
  if (!pass) return `${way}, no pass yet`;
  const failed = (pass.failedFiles ?? []).slice(0, 3).join(", ");
  const result = part.stopped
    ? `, STOPPED: ${part.stopped.found}`
    : pass.exitCode === 0
      ? ""
      : `, FAILED with rsync's exit code ${pass.exitCode}${failed ? ` (${failed})` : ""}`;
  return `${way}, pass ${pass.passes} ended ${duration(pass.agoMs)} ago: ${pass.filesSent} files, ${size(pass.sentBytes)}${result}`;
}

function gate(status: Status): string {
  const part = status.gate;
  const { phase } = status.wanted;
  if (!known(part)) {
    const early = (phase === "prepare" || phase === "sync") && part.error.code === "GATE_UNREACHABLE";
    return early ? "not made yet: phase switch makes it" : problem(part);
  }
  const other = otherSide(part.views);
  const views = part.canary > 0 ? `${part.views} (${part.canary} % to ${other})` : part.views;
  const hold =
    part.holdMs > 0 ? `HOLDS writes for ${duration(part.holdMs)}, ${part.held} wait` : "holds nothing";
  const health = (["blue", "green"] as const).map((side) => `${side} ${part.up[side] ? "up" : "DOWN"}`);
  return `edits to ${part.primary}, page views to ${views}; ${hold}; in flight: blue ${part.inFlight.blue}, green ${part.inFlight.green}; ${health.join(", ")}`;
}

function onHosts({ hosts, wanted }: Status): string[] {
  if (!known(hosts)) return [line("on your hosts", problem(hosts))];
  const retired = wanted.phase === "retire";
  const lines = hosts.found
    .filter(({ side }) => side === "blue")
    .map(({ where, found, staysRetired }) => {
      const stays = retired && staysRetired ? ` (stays: ${staysRetired})` : "";
      return `${where}: ${found}${stays}`;
    });
  const dark = hosts.unseen.filter(({ side }) => side === "blue");
  // A host that does not answer is named once.
  const why = [...new Set(dark.map(({ error }) => `${error.code}: ${error.found}`))];
  if (dark.length > 0)
    lines.push(`can't be seen: ${dark.map(({ name }) => name).join(", ")} (${why.join("; ")})`);
  if (lines.length === 0) lines.push("nothing of the move on blue");
  return lines.map((text, at) => line(at === 0 ? "on your hosts" : "", text));
}

/** For people, aligned, one fact a line. */
export function format(status: Status): string {
  return statusText(
    status,
    ["wiki", status.wiki],
    [
      ...database("blue", status.databases.blue),
      ...database("green", status.databases.green),
      ...copy(status.copy),
      line("verification", verification(status.verification)),
      ...uploads(status.uploads),
      line("gate", gate(status)),
      ...journalText(status.journal),
      ...onHosts(status),
    ],
  );
}
