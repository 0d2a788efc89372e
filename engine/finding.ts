import { WikiferryError } from "./errors";

export type Severity = "pass" | "warn" | "block";

/** One finding of a preflight or a guardrail. */
export interface Finding {
  /** Stable code, such as `REPL_BINLOG_OFF`. */
  code: string;
  severity: Severity;
  /** What was found, one sentence. */
  found: string;
  /** What to do, and what it costs. Empty for `pass`. */
  remedy: string;
}

export function pass(code: string, found: string): Finding {
  return { code, severity: "pass", found, remedy: "" };
}

export function warn(code: string, found: string, remedy: string): Finding {
  return { code, severity: "warn", found, remedy: remedy };
}

export function block(code: string, found: string, remedy: string): Finding {
  return { code, severity: "block", found, remedy: remedy };
}

/** An error as a finding. @throws anything that has no remedy of its own */
export function findingOf(error: unknown, tell: typeof block = block): Finding {
  if (!(error instanceof WikiferryError)) throw error;
  return tell(error.code, error.found, error.remedy);
}

/** The result of a check. A check that could not run is a finding itself. @throws as `findingOf` */
export async function asked<T>(question: () => Promise<T>): Promise<T | Finding> {
  try {
    return await question();
  } catch (error) {
    return findingOf(error);
  }
}
