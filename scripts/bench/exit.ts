import { messageOf } from "../../engine/errors";

/** The process ends with the code that a bench answers, once nothing of it is left; 1 if it fails. */
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
