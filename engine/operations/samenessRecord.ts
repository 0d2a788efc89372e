import { acceptedReason } from "../apps/mediawiki/sameness/result";
import type { SamenessReport } from "../apps/mediawiki/sameness/run";
import type { Difference } from "../apps/mediawiki/sameness/types";
import { writeCheckpoint } from "../control/mariadb/checkpoint";
import { block, type Finding, pass } from "../finding";
import { some } from "../format";
import type { MoveSpec } from "../move";
import type { Server } from "../runtime/mariadb/server";

const checkpoint = "sameness";

/** Differences that a record names; of the others it holds the number. */
const mostNamed = 100;

/** The newest comparison of both sides, as green remembers it. */
export interface RecordedSameness {
  asked: number;
  shapes: number;
  same: number;
  /** Shapes and settings that differ. */
  differing: number;
  /** The first of them. */
  different: Pick<Difference, "shape" | "example" | "what">[];
  /** Time since it ended, by the server's clock, in milliseconds. */
  ageMs: number;
}

/** Not logged: it belongs to green. */
export async function recordSameness(green: Server, report: SamenessReport): Promise<void> {
  const { asked, shapes, same, different } = report;
  const named = different.slice(0, mostNamed).map(({ shape, example, what }) => ({ shape, example, what }));
  await writeCheckpoint(green, checkpoint, {
    state: different.length === 0 ? "same" : "different",
    detail: { asked, shapes, same, differing: different.length, different: named },
  });
}

/** The newest record; undefined where there is none. Never writes. */
export async function lastSameness(green: Server): Promise<RecordedSameness | undefined> {
  const row = await green.row<Record<"detail" | "age_us", string>>(
    `SELECT detail, TIMESTAMPDIFF(MICROSECOND, updated_at, UTC_TIMESTAMP(6)) AS age_us
       FROM wikiferry.checkpoint WHERE name = ?`,
    [checkpoint],
  );
  return row && { ...(JSON.parse(row.detail) as RecordedSameness), ageMs: Number(row.age_us) / 1000 };
}

/** Whether the newest comparison allows people on green. Pure. */
export function judgeSameness(
  last: RecordedSameness | undefined,
  { maxDifferent, ignore }: Pick<MoveSpec["compare"], "maxDifferent" | "ignore">,
  maxAgeMs: number,
): Finding {
  const again = "Run `npm run compare`, which compares them again";
  if (!last) return block("COMPARE_MISSING", "what both sides answer has never been compared", again);
  const minutes = (ms: number) => `${Math.round(ms / 60_000)} min`;
  if (last.ageMs > maxAgeMs)
    return block(
      "COMPARE_STALE",
      `what both sides answer was compared ${minutes(last.ageMs)} ago (limit ${minutes(maxAgeMs)})`,
      again,
    );
  const accepted = last.different.filter(({ shape }) => acceptedReason(shape, ignore) !== undefined).length;
  const left = last.different.filter(({ shape }) => acceptedReason(shape, ignore) === undefined);
  const differing = last.differing - accepted;
  const asked = `${some(last.asked, "address", "addresses")} of ${some(last.shapes, "shape")}`;
  if (differing <= maxDifferent)
    return pass(
      "COMPARE_DIFFERENT",
      `green answered as blue did ${minutes(last.ageMs)} ago, at ${asked}${differing > 0 ? ` but ${some(differing, "shape")}, which compare.maxDifferent allows` : ""}`,
    );
  const shown = left.slice(0, 3).map(({ shape, what }) => `${shape} (${what})`);
  const more = differing > shown.length ? `; and ${differing - shown.length} more` : "";
  return block(
    "COMPARE_DIFFERENT",
    `green answers differently than blue in ${some(differing, "shape or setting", "shapes and settings")}, asked for ${asked}: ${shown.join("; ")}${more}`,
    "See reports/compare.html, mend green, and run `npm run compare`. What may differ goes to compare.ignore with its reason",
  );
}
