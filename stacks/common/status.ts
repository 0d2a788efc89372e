import { judgeRoles, type RoleClaim, type RoleViews } from "../../engine/control/primary";
import { messageOf, WikiferryError } from "../../engine/errors";
import type { Side } from "../../engine/move";
import { type NextStep, nextSteps, type Wanted } from "./phase";

/** What could not be asked: one line with a stable code. */
export interface Unknown {
  error: { code: string; found: string };
}

/** One part of the answer; each is asked on its own. */
export type Part<T> = T | Unknown;

export function known<T extends object>(part: Part<T>): part is T {
  return !("error" in part);
}

/** The record that says who is primary. */
export interface PrimaryRecord {
  side: Side;
  epoch: number;
  /** UTC, `YYYY-MM-DD hh:mm:ss.fff`. */
  changedAt: string;
}

export interface JournalLine {
  /** UTC, ISO 8601. */
  at: string;
  /** Empty where an entry concerns no side. */
  side: string;
  step: string;
  event: string;
}

/** What `npm run status -- --json` says of every kind. Fields are added, none renamed. */
export interface CommonStatus {
  /** Everything that this phase has was reached, and all that the config wants holds. */
  ok: boolean;
  stack: string;
  wanted: Wanted;
  /** Null where no side that answers has a record, and where the records contradict each other. */
  primary: PrimaryRecord | null;
  /** Why the primary can't be determined, where the records contradict each other; else null. */
  contested: Unknown["error"] | null;
  journal: Part<{ last: JournalLine[] }>;
  /** What the config wants and does not hold. */
  unmet: string[];
  next: NextStep[];
}

/** A kind's answer to `npm run status`. */
export interface StatusReport {
  status: CommonStatus;
  /** The same for people, as lines. */
  text: string;
  /** Whether anything at all could be asked. */
  reached: boolean;
}

/** Whose status, by which config. */
export interface StatusRequest<C> {
  stack: string;
  config: C;
  /** Base of the config's relative paths. */
  projectDirectory: string;
}

/** A part that has not answered after this time is given up, in milliseconds. */
const answerMs = 12_000;

/** The answer, or why there is none. */
export async function part<T>(work: () => Promise<T>, boundMs = answerMs): Promise<Part<T>> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () =>
        reject(
          new WikiferryError(
            "STATUS_TIMEOUT",
            `no answer within ${boundMs / 1000} s`,
            "See that the machine runs and can be reached, then ask again",
          ),
        ),
      boundMs,
    );
  });
  try {
    return await Promise.race([work(), late]);
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    const found = error instanceof WikiferryError ? error.found : messageOf(error);
    return {
      error: {
        code: typeof code === "string" ? code : "STATUS_FAULT",
        found: found.replace(/\s+/g, " ").slice(0, 300),
      },
    };
  } finally {
    clearTimeout(timer);
  }
}

/** A side's record, as `judgeRoles` takes it. */
export interface RecordedClaim extends RoleClaim {
  record: PrimaryRecord;
}

export function claimBy(record: PrimaryRecord | null | undefined): RecordedClaim | undefined {
  return record ? { role: record.side, epoch: record.epoch, record } : undefined;
}

/** Who is the primary, as a status says it. Pure. */
export function primaryBy(views: RoleViews<RecordedClaim>): {
  primary: PrimaryRecord | null;
  contradiction?: WikiferryError;
} {
  const verdict = judgeRoles(views);
  if (verdict.kind === "contested") return { primary: null, contradiction: verdict.error };
  const told = verdict.kind === "known" || verdict.kind === "likely";
  return { primary: told ? verdict.record.record : null };
}

const look: NextStep = {
  command: "npx pulumi preview",
  effect: "says what stands in the way; changes nothing",
};

/** The answers, judged: whether all holds, and what may be done next. Pure. */
export function conclude({
  wanted,
  name,
  primary,
  contradiction,
  missing,
  unreached,
  leased,
}: {
  wanted: Wanted;
  /** What is moved, as the config names it. */
  name: string;
  primary: PrimaryRecord | null;
  contradiction?: WikiferryError | undefined;
  /** What the config wants and does not hold. */
  missing: string[];
  /** Whether a part that this phase has could not be reached. */
  unreached: boolean;
  /** Whether a run holds the lease. */
  leased: boolean;
}): Pick<CommonStatus, "ok" | "primary" | "contested" | "unmet" | "next"> {
  const again: NextStep = {
    command: "npx pulumi up",
    effect: leased
      ? "once the run that holds the lease has ended: brings about what the config wants"
      : "brings about what the config wants",
  };
  const steps = nextSteps(wanted, name).map(({ command, effect }) => ({
    command: command.replaceAll("pulumi ", "npx pulumi "),
    effect,
  }));
  // From a state that does not hold, or that can't be seen, the only way is to it.
  const onward = missing.length > 0 ? [again] : unreached ? [look] : steps;
  return {
    ok: missing.length === 0 && !unreached,
    primary,
    contested: contradiction ? { code: contradiction.code, found: contradiction.found } : null,
    unmet: missing,
    next: contradiction ? [correctByHand(contradiction)] : onward,
  };
}

/** A record is corrected by hand: which side has the newest edits, only its owner can find out. */
function correctByHand({ remedy }: WikiferryError): NextStep {
  return { command: "npm run status", effect: `once one record is corrected. ${remedy}` };
}
