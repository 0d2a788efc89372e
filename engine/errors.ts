/**
 * An error that a wiki's owner can act on: what was wanted, what was found, and the remedy. `code` is stable: scripts
 * may match it, docs/errors.md lists it.
 */
export class WikiferryError extends Error {
  override readonly name = "WikiferryError";

  constructor(
    /** Stable code, `AREA_THING`, such as `PRIMARY_LAG`. */
    readonly code: string,
    /** What was wanted and what was found. One sentence without the final full stop. */
    readonly found: string,
    /** What to do now. One or two sentences. */
    readonly remedy: string,
    options?: { cause?: unknown },
  ) {
    super(`${code}: ${found}. ${remedy}`, options);
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0)
    return error.errors.map(messageOf).join("; ");
  return error instanceof Error ? error.message : String(error);
}
