import { Command } from "commander";
import { findPrimary } from "../engine/control/mariadb/primary";
import { messageOf } from "../engine/errors";
import { otherSide } from "../engine/move";
import { keepVerifying } from "../engine/movers/mariadb/verify/continuous/keepVerifying";
import { silent } from "../engine/progress";
import { openMoveSession } from "../engine/session";
import { findWikiStack } from "./common/stack";

interface Flags {
  stack?: string;
}

/** Ends at the first signal. The current state is recorded then. */
function endedBySignal(): AbortSignal {
  const ending = new AbortController();
  process.once("SIGINT", () => ending.abort()).once("SIGTERM", () => ending.abort());
  return ending.signal;
}

async function main({ stack }: Flags): Promise<number> {
  const { spec, secrets } = await findWikiStack(stack);
  const signal = endedBySignal();
  const move = openMoveSession(spec, secrets, silent);
  try {
    while (!signal.aborted) {
      const { side: primary } = await findPrimary(move);
      await keepVerifying(move[primary], move[otherSide(primary)], spec.wiki.database, {
        signal,
        stillPrimary: async () => (await findPrimary(move)).side === primary,
        report: ({ message }) => process.stdout.write(`${message}\n`),
      });
    }
    return 0;
  } finally {
    await move.close();
  }
}

const program = new Command("npm run verify --")
  .description(
    "Continues where the last comparison of both databases ended: compares each row that changes, until Ctrl-C. It records its progress, which `npm run status` shows. Exit code 1 if a row differs or changes can't be followed.",
  )
  .option("--stack <name>", "the stack to look after");
program.parse();

main(program.opts<Flags>())
  .catch((error: unknown) => {
    process.stderr.write(`${messageOf(error)}\n`);
    return 1;
  })
  .then((code) => process.exit(code));
