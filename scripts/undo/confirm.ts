import { createInterface } from "node:readline/promises";
import { WikiferryError } from "../../engine/errors";

/**
 * Asks whether to continue. Without a terminal only `yes` confirms.
 * @throws `UNDO_NOT_CONFIRMED`
 */
export async function confirm(question: string, yes: boolean): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new WikiferryError(
      "UNDO_NOT_CONFIRMED",
      "there is no terminal to ask on",
      "See with --dry-run what it would do, then run it with --yes. Nothing was changed",
    );
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`${question} [y/N] `).finally(() => terminal.close());
  if (/^y(es)?$/i.test(answer.trim())) return;
  throw new WikiferryError("UNDO_NOT_CONFIRMED", "the answer was no", "Nothing was changed");
}
