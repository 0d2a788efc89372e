import { Command } from "commander";
import { kinds } from "../stacks/kinds";
import { runCommand } from "./common/command";
import { print } from "./common/print";
import { findStack } from "./common/stack";
import { projectDir } from "./setup/paths";

interface Flags {
  json?: boolean;
  stack?: string;
}

async function main({ json, stack }: Flags): Promise<number> {
  const found = await findStack(kinds, stack);
  const { kind, config } = found;
  const request = { stack: found.name, config, projectDirectory: projectDir };
  const { status, text, reached } = await kind.status(request);
  await print(json ? `${JSON.stringify(status, null, 2)}\n` : text);
  return reached ? 0 : 1;
}

const program = new Command("npm run status --")
  .description(
    "Says where the move stands and which steps are legal next. Reads only. Without --stack it tells of the rehearsal, if there is one, else of the selected stack. Exit code 1 if there is no stack or nothing of it could be reached.",
  )
  .option("--json", "print as JSON")
  .option("--stack <name>", "the stack to tell of");
program.parse();

runCommand(main(program.opts<Flags>()), program.opts<Flags>().json);
