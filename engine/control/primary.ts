import { WikiferryError } from "../errors";
import type { Side } from "../move";

/** One side's role record: who is the primary, and since which flip. */
export interface RoleClaim {
  role: Side;
  epoch: number;
}

/** The record of each side: undefined where a side has none, an error where it did not answer. */
export type RoleViews<Claim extends RoleClaim = RoleClaim> = Record<Side, Claim | undefined | Error>;

export type Verdict<Claim extends RoleClaim = RoleClaim> =
  /** The records determine it. */
  | { kind: "known"; side: Side; record: Claim }
  /** Only the other side says so, and the one that would know did not answer. */
  | { kind: "likely"; side: Side; record: Claim; failure: Error }
  /** Each side's record names itself, or both have the same epoch and name different sides. */
  | { kind: "contested"; error: WikiferryError }
  /** Both answered, and neither has a record. */
  | { kind: "none" }
  /** No side that answered has a record. */
  | { kind: "unknown"; failure: Error };

/**
 * Who is the primary, by the role records. Everything that deletes, promotes or follows asks this and nothing else.
 *
 * - A flip commits on the old primary itself, so a side whose own record names it is the primary, whatever the other
 *   side knows.
 * - If both sides name themselves, it can't be determined: someone promoted by hand or restored a backup.
 * - If neither names itself, a commit is under way to the side that it names: the record with the higher epoch holds.
 *   The same epoch with two names is a contradiction.
 * - A side that did not answer may know of a later flip, unless the other side names itself.
 */
export function judgeRoles<Claim extends RoleClaim>(views: RoleViews<Claim>): Verdict<Claim> {
  const blue = claimOf(views.blue);
  const green = claimOf(views.green);
  const failure = [views.blue, views.green].find((view) => view instanceof Error);
  if (blue && green) {
    const blueClaims = blue.role === "blue";
    if (blueClaims && green.role === "green") return contested(blue, green);
    if (blueClaims) return { kind: "known", side: "blue", record: blue };
    if (green.role === "green") return { kind: "known", side: "green", record: green };
    if (blue.epoch === green.epoch) return contested(blue, green);
    const record = blue.epoch > green.epoch ? blue : green;
    return { kind: "known", side: record.role, record };
  }
  const record = blue ?? green;
  if (!record) return failure ? { kind: "unknown", failure } : { kind: "none" };
  const namesItself = record.role === (blue ? "blue" : "green");
  if (failure && !namesItself) return { kind: "likely", side: record.role, record, failure };
  return { kind: "known", side: record.role, record };
}

/**
 * The primary, where it is certain.
 * @throws `CTRL_TWO_PRIMARIES`, `CTRL_NO_ROLE`, or what kept a side from answering if both are needed
 */
export function primaryOf<Claim extends RoleClaim>(
  views: RoleViews<Claim>,
): { side: Side; epoch: number; record: Claim } {
  const verdict = judgeRoles(views);
  switch (verdict.kind) {
    case "known":
      return { side: verdict.side, epoch: verdict.record.epoch, record: verdict.record };
    case "contested":
      throw verdict.error;
    case "none":
      throw new WikiferryError(
        "CTRL_NO_ROLE",
        "neither side has a record of who is primary",
        "Run `npx pulumi up` in phase prepare, which writes it",
      );
    default:
      throw verdict.failure;
  }
}

/**
 * The primary as far as the sides that answered know, for reports and refusals; undefined if none has a record.
 * @throws `CTRL_TWO_PRIMARIES`
 */
export function likelyPrimary<Claim extends RoleClaim>(
  views: RoleViews<Claim>,
): { side: Side; record: Claim } | undefined {
  const verdict = judgeRoles(views);
  if (verdict.kind === "contested") throw verdict.error;
  if (verdict.kind !== "known" && verdict.kind !== "likely") return undefined;
  return { side: verdict.side, record: verdict.record };
}

/** For checks of one side's own record. @throws `CTRL_TWO_PRIMARIES` */
export function refuseTwoPrimaries(views: RoleViews): void {
  const verdict = judgeRoles(views);
  if (verdict.kind === "contested") throw verdict.error;
}

function claimOf<Claim extends RoleClaim>(view: Claim | undefined | Error): Claim | undefined {
  return view instanceof Error ? undefined : view;
}

function contested(blue: RoleClaim, green: RoleClaim): { kind: "contested"; error: WikiferryError } {
  return {
    kind: "contested",
    error: new WikiferryError(
      "CTRL_TWO_PRIMARIES",
      `blue's record names ${blue.role} (epoch ${blue.epoch}), green's record names ${green.role} (epoch ${green.epoch})`,
      "Someone promoted by hand or restored a backup. Find out which side has the newest edits, and correct wikiferry.role on the other. Until then nothing is deleted, promoted or followed",
    ),
  };
}
