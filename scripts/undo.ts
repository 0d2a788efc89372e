import { Command } from "commander";
import { silent } from "../engine/progress";
import { openMoveSession } from "../engine/session";
import { runCommand } from "./common/command";
import { print, sayProgress } from "./common/print";
import { findWikiStack } from "./common/stack";
import { confirm } from "./undo/confirm";
import { formatPlan, formatUndone } from "./undo/format";
import { planUndo, type Wishes } from "./undo/plan";
import { undo } from "./undo/run";

interface Flags {
  stack?: string;
  dryRun?: boolean;
  json?: boolean;
  yes?: boolean;
  keepGreen?: boolean;
  forgetGreen?: boolean;
  removeVolume: string[];
  removeReplaced?: boolean;
  restart?: boolean;
  trafficOnBlue?: string;
}

async function main(flags: Flags): Promise<number> {
  const wishes: Wishes = {
    keepGreen: flags.keepGreen ?? false,
    forgetGreen: flags.forgetGreen ?? false,
    removeVolumes: flags.removeVolume,
    removeReplaced: flags.removeReplaced ?? false,
    restart: flags.restart ?? false,
    trafficOnBlue: flags.trafficOnBlue,
  };
  const stack = await findWikiStack(flags.stack);
  const move = openMoveSession(stack.spec, stack.secrets, silent);
  const plan = await planUndo(stack, move, wishes).finally(() => move.close());
  if (flags.dryRun) {
    await print(flags.json ? `${JSON.stringify({ ok: true, plan }, null, 2)}\n` : formatPlan(plan));
    return 0;
  }
  process.stderr.write(formatPlan(plan));
  await confirm(`Take the move of ${plan.wiki} back?`, flags.yes ?? false);
  const undone = await undo(stack, plan, wishes, sayProgress());
  await print(flags.json ? `${JSON.stringify(undone, null, 2)}\n` : formatUndone(undone));
  return undone.ok ? 0 : 1;
}

const program = new Command("npm run undo --")
  .description(
    "Gives the move up, in every phase in which blue takes the edits: blue serves alone again, everything that was put on its hosts is taken back, green is removed, and the stack is empty. Can be run again, also after a failure or a kill. Data volumes of green stay unless they are named. Exit code 1 where something is left.",
  )
  .option("--dry-run", "only say what it would remove; changes nothing")
  .option("--json", "print as JSON")
  .option("--stack <name>", "the stack; without it the rehearsal's, if there is one, else the selected one")
  .option("--yes", "do not ask; required without a terminal")
  .option("--keep-green", "keep green's containers, closed and following nobody, and their part of the stack")
  .option("--forget-green", "green's host is gone for good: empty the stack without asking it")
  .option(
    "--remove-volume <name>",
    "also remove this data volume of green; can be repeated",
    (name: string, before: string[]) => [...before, name],
    [] as string[],
  )
  .option("--remove-replaced", "also remove the uploads that green replaced or deleted (.wikiferry-replaced)")
  .option("--restart", "restart blue's MariaDB now, to end what only a restart ends")
  .option("--traffic-on-blue <wiki>", "in phase switch: DNS and CDN point at blue again; the wiki's name");
program.parse();

runCommand(main(program.opts<Flags>()), program.opts<Flags>().json);
