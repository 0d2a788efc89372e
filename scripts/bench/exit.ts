import { messageOf } from "../../engine/errors";

/** Ends the process with the benchmark's exit code once nothing of it is left; 1 if it fails. */
export function exitWith(bench: Promise<number>): void {
  bench
    .catch((error: unknown) => {
      process.stderr.write(`${messageOf(error)}\n`);
      return 1;
    })
    .then((code) => {
      process.exitCode = code;
    });
}
