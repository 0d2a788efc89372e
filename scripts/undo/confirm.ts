import { createInterface } from "node:readline/promises";
import { WikiferryError } from "../../engine/errors";

/**
 * Asks whether to go on; without a terminal only `yes` says so.
 * @throws `UNDO_NOT_CONFIRMED`
 */
export async function confirm(question: string, yes: boolean): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new WikiferryError(
      "UNDO_NOT_CONFIRMED",
      "there is no terminal to ask on",
      "Look at what it would do with --dry-run, then run it with --yes; nothing was changed",
    );
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`${question} [y/N] `).finally(() => terminal.close());
  if (/^y(es)?$/i.test(answer.trim())) return;
  throw new WikiferryError("UNDO_NOT_CONFIRMED", "the answer was no", "Nothing was changed");
}
