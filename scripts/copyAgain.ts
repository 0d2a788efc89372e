import { Command } from "commander";
import { copyAgain, planCopyAgain } from "../engine/operations/undo/copyAgain";
import { openMoveSession } from "../engine/session";
import { runCommand } from "./common/command";
import { print, sayProgress } from "./common/print";
import { findWikiStack } from "./common/stack";
import { confirm } from "./undo/confirm";
import { StackRecord } from "./undo/stack";

interface Flags {
  stack?: string;
  dryRun?: boolean;
  json?: boolean;
  yes?: boolean;
}

const next = "npx pulumi up";

async function main({ stack: name, dryRun, json, yes }: Flags): Promise<number> {
  const stack = await findWikiStack(name);
  const report = sayProgress();
  const move = openMoveSession(stack.spec, stack.secrets, report);
  try {
    const plan = await planCopyAgain(move, { phase: stack.config.phase, canary: stack.config.canary });
    const text = `green has ${plan.green}; this is forgotten, and the next \`${next}\` copies from the first row on, while blue serves\n`;
    if (dryRun) {
      await print(json ? `${JSON.stringify({ ok: true, plan }, null, 2)}\n` : text);
      return 0;
    }
    process.stderr.write(text);
    await confirm(`Forget green's copy of ${stack.config.name}?`, yes ?? false);
    await copyAgain(move);
    await new StackRecord(stack, () => {}).forgetCopy();
    await print(
      json
        ? `${JSON.stringify({ ok: true, forgotten: plan.green, next }, null, 2)}\n`
        : `forgotten  ${plan.green}\nnext       ${next}\n`,
    );
    return 0;
  } finally {
    await move.close();
  }
}

const program = new Command("npm run copy:again --")
  .description(
    "Lets the next `pulumi up` copy the database again, from the first row on. Use it where an error says so, in every phase in which blue takes the edits, also after a copy that failed or was killed. Blue keeps serving. Page views must not go to green meanwhile: set canary to 0 first. Can be run again.",
  )
  .option("--dry-run", "only say what it would forget; changes nothing")
  .option("--json", "print as JSON")
  .option("--stack <name>", "the stack; without it the rehearsal's, if there is one, else the selected one")
  .option("--yes", "do not ask; required without a terminal");
program.parse();

runCommand(main(program.opts<Flags>()), program.opts<Flags>().json);
