/**
 * Readers and editors in a process of their own. Standard input: one line of options (options.ts), then commands.
 * Standard output: `{"ready": …}`, `{"stats": …}` once a second, `{"done": n}` for each command, at the end
 * `{"summary": …}`; on a failure `{"error": …}` and exit code 1. Ends when its input ends.
 */
import { createInterface } from "node:readline";
import { messageOf, WikiferryError } from "../../../engine/errors";
import { loadCommand, loadOptions } from "./options";
import { LoadRun } from "./run";

const STATS_EVERY_MS = 1_000;
/** A parent that is gone reads no more: then the load ends without a last word. */
process.stdout.on("error", () => process.exit(1));

function say(message: object): Promise<void> {
  return new Promise((resolve) => process.stdout.write(`${JSON.stringify(message)}\n`, () => resolve()));
}

async function fail(error: unknown): Promise<never> {
  const known = error instanceof WikiferryError;
  await say({
    error: known
      ? { code: error.code, found: error.found, wayOut: error.wayOut }
      : { code: "LOAD_FAULT", found: messageOf(error), wayOut: "See the load's standard error." },
  });
  if (!known) console.error(error);
  process.exit(1);
}

async function main(): Promise<void> {
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const first = await lines.next();
  if (first.done) return;
  const options = loadOptions.parse(JSON.parse(first.value));
  const run = new LoadRun(options);
  await say({ ready: await run.start() });

  let ending = false;
  const end = async () => {
    if (ending) return;
    ending = true;
    await say({ summary: await run.stop() });
    process.exit(0);
  };
  run.finished().catch(fail);
  setInterval(() => say({ stats: { total: run.tally.total, since: run.tally.since } }), STATS_EVERY_MS);
  setTimeout(() => end().catch(fail), options.minutes * 60_000);

  for await (const line of { [Symbol.asyncIterator]: () => lines }) {
    const command = loadCommand.parse(JSON.parse(line));
    if ("target" in command) run.retarget(command.target);
    else if ("mark" in command) run.mark(command.mark);
    else break;
    if (command.n !== undefined) await say({ done: command.n });
  }
  await end();
}

main().catch(fail);
