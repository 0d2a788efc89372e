import { otherSide, type Side } from "../../../engine/move";
import { claimBy, conclude, known, primaryBy } from "../../common/status";
import type { Status } from "./types";

type Asked = Omit<Status, "ok" | "unmet" | "next" | "primary" | "contested">;

/** A database's record, as far as it answers. */
function recordOf(part: Asked["databases"][Side]) {
  return known(part) ? claimBy(part.role) : new Error(part.error.found);
}

/** What the config wants and does not hold, as far as it could be asked. */
function unmet(asked: Asked, { primary, contradiction }: ReturnType<typeof primaryBy>): string[] {
  const { phase, active, canary } = asked.wanted;
  const missing: string[] = [];
  if (contradiction) missing.push("no side is the primary by both records");
  const blue = asked.databases.blue;
  if (known(blue) && !blue.role && !primary) missing.push("blue is not adopted");
  if (phase === "prepare") return missing;
  if (known(asked.copy) && asked.copy.state !== "copied") missing.push("green has no whole copy");
  if (primary && primary.side !== active) missing.push(`${primary.side} is the primary, not ${active}`);
  const serving = asked.databases[primary?.side ?? active];
  if (known(serving) && serving.readOnly && primary) missing.push(`${primary.side} takes no edits`);
  const passive = otherSide(primary?.side ?? active);
  const follower = asked.databases[passive];
  if (known(follower)) {
    const running = follower.follows?.running ?? false;
    if (phase === "retire" && follower.follows) missing.push(`${passive} still follows`);
    if (phase !== "retire" && !running) missing.push(`${passive} does not follow`);
  }
  if (known(asked.verification) && asked.verification.last?.ok !== true)
    missing.push("the two databases were not found equal");
  if (known(asked.uploads) && asked.uploads.stopped)
    missing.push(
      `the uploads are stopped (FILES_DELETE_HELD): ${asked.uploads.stopped.found}${asked.uploads.stopped.name ? `; files.allowDelete ${asked.uploads.stopped.name} lets them go` : ""}`,
    );
  if (phase === "sync" || !known(asked.gate)) return missing;
  const gate = asked.gate;
  if (primary && gate.primary !== primary.side) missing.push(`the gate sends edits to ${gate.primary}`);
  if (phase === "switch" && gate.canary !== canary)
    missing.push(
      `the gate sends ${gate.canary} % of page views to ${otherSide(gate.views)}, not ${canary} %`,
    );
  return missing;
}

/** Parts of this phase that could not be reached. Before `switch` there is no gate, after `retire` blue may be gone. */
function unreached(asked: Asked): boolean {
  const { phase } = asked.wanted;
  const parts = [
    ...(phase === "retire" ? [] : [asked.databases.blue]),
    asked.databases.green,
    ...(phase === "prepare" ? [] : [asked.copy, asked.verification, asked.uploads]),
    ...(phase === "switch" || phase === "retire" ? [asked.gate] : []),
  ];
  return parts.some((part) => !known<object>(part));
}

/** The answers, judged: what does not hold, and what may be done next. Pure. */
export function judge(asked: Asked): Status {
  const { blue, green } = asked.databases;
  const record = primaryBy({ blue: recordOf(blue), green: recordOf(green) });
  const { ok, ...conclusion } = conclude({
    wanted: asked.wanted,
    name: asked.wiki,
    ...record,
    missing: unmet(asked, record),
    unreached: unreached(asked),
    leased: [blue, green].some((part) => known(part) && part.lease !== null),
  });
  return { ok, ...asked, ...conclusion };
}

/** Whether anything at all could be asked. */
export function anythingReached(status: Status): boolean {
  const { databases, copy, uploads, gate } = status;
  return [databases.blue, databases.green, copy, uploads, gate].some((part) => known<object>(part));
}
