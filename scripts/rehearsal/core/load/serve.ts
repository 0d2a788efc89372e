import { createInterface } from "node:readline";
import { messageOf, WikiferryError } from "../../../../engine/errors";
import { type Counts, loadCommand } from "./messages";

const statsEveryMs = 1_000;

/** People at work, from `start` to `stop`. */
export interface Served {
  tally: Counts<unknown>;
  /** Resolves when they have begun, with what they found. */
  start(): Promise<unknown>;
  /** Resolves when everybody has gone home; rejects on a fault of the load itself. */
  finished(): Promise<unknown>;
  retarget(url: string): void;
  mark(name: string): void;
  stop(): Promise<unknown>;
}

/**
 * The main program of a load's process. Standard input: one line of options, then commands (messages.ts). Standard
 * output: `{"ready": …}`, `{"stats": …}` once a second, `{"done": n}` for each command, at the end `{"summary": …}`; on
 * a failure `{"error": …}` and exit code 1. Ends when its input ends.
 *
 * @param begin Makes the load of the first line, which says in `minutes` when it ends by itself.
 */
export function serveLoad(begin: (first: unknown) => { load: Served; minutes: number }): void {
  // A parent that is gone reads no more: then the load ends without a last word.
  process.stdout.on("error", () => process.exit(1));
  serve(begin).catch(fail);
}

async function serve(begin: Parameters<typeof serveLoad>[0]): Promise<void> {
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const first = await lines.next();
  if (first.done) return;
  const { load, minutes } = begin(JSON.parse(first.value));
  await say({ ready: await load.start() });

  let ending = false;
  const end = async () => {
    if (ending) return;
    ending = true;
    await say({ summary: await load.stop() });
    process.exit(0);
  };
  load.finished().catch(fail);
  setInterval(() => say({ stats: { total: load.tally.total, since: load.tally.since } }), statsEveryMs);
  setTimeout(() => end().catch(fail), minutes * 60_000);

  for await (const line of { [Symbol.asyncIterator]: () => lines }) {
    const command = loadCommand.parse(JSON.parse(line));
    if ("target" in command) load.retarget(command.target);
    else if ("mark" in command) load.mark(command.mark);
    else break;
    if (command.n !== undefined) await say({ done: command.n });
  }
  await end();
}

function say(message: object): Promise<void> {
  return new Promise((resolve) => process.stdout.write(`${JSON.stringify(message)}\n`, () => resolve()));
}

async function fail(error: unknown): Promise<never> {
  const known = error instanceof WikiferryError;
  await say({
    error: known
      ? { code: error.code, found: error.found, remedy: error.remedy }
      : { code: "LOAD_FAULT", found: messageOf(error), remedy: "See the load's standard error." },
  });
  if (!known) console.error(error);
  process.exit(1);
}
