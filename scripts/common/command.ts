import { messageOf, WikiferryError } from "../../engine/errors";
import { print } from "./print";

/**
 * Runs a command's work and ends this process with its exit code, 1 after an error. It prints the error as text on
 * standard error, or with `json` as `{ok: false, error}` on standard output. A server that hangs would otherwise keep
 * the process running.
 */
export function runCommand(work: Promise<number>, json: boolean | undefined): void {
  work
    .catch(async (error: unknown) => {
      if (json && error instanceof WikiferryError) {
        const { code, found, remedy } = error;
        await print(`${JSON.stringify({ ok: false, error: { code, found, remedy } }, null, 2)}\n`);
      } else process.stderr.write(`${messageOf(error)}\n`);
      return 1;
    })
    .then((code) => process.exit(code));
}
