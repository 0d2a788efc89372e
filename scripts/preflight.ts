import { Command } from "commander";
import { ladderFor } from "../stacks/common/phase";
import { askBeforehand } from "../stacks/mediawiki/askBeforehand";
import { endOfTheWayBack, outlook, report } from "../stacks/mediawiki/preflightText";
import { runCommand } from "./common/command";
import { print } from "./common/print";
import { findWikiStack } from "./common/stack";

interface Flags {
  all?: boolean;
  json?: boolean;
  stack?: string;
}

async function main({ all, json, stack }: Flags): Promise<number> {
  const { config, spec, secrets } = await findWikiStack(stack);
  const ladder = ladderFor(config, config.name, config.retire.confirm);
  const { findings, ...predicted } = await askBeforehand(config, spec, secrets, ladder, true);
  const more = ladder.archived ? [endOfTheWayBack(config)] : outlook(predicted, config);
  const ok = !findings.some(({ severity }) => severity === "block");
  await print(
    json
      ? `${JSON.stringify({ ok, findings, ...predicted }, null, 2)}\n`
      : `${report(findings, more, all ?? false)}\n`,
  );
  return ok ? 0 : 1;
}

const program = new Command("npm run preflight --")
  .description(
    "Asks every server what stands in the way of what the config wants, as `pulumi preview` does. Reads only. Prints what blocks, then what is worth knowing, then how many checks passed. Without --stack it tells of the rehearsal, if there is one, else of the selected stack. Exit code 1 if something blocks.",
  )
  .option("--all", "list the checks that passed, too")
  .option("--json", "print all findings as JSON")
  .option("--stack <name>", "the stack to ask about");
program.parse();

runCommand(main(program.opts<Flags>()), program.opts<Flags>().json);
