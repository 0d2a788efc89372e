import { CommanderError } from "commander";
import { messageOf } from "../../engine/errors";

/** Ends the process with the campaign's exit code; 1, or commander's own, if it fails. */
export function exitWith(campaign: Promise<number>): void {
  campaign.then(
    (code) => process.exit(code),
    (error: unknown) => {
      // Commander has printed it already.
      if (error instanceof CommanderError) process.exit(error.exitCode);
      process.stderr.write(`${messageOf(error)}\n`);
      process.exit(1);
    },
  );
}
