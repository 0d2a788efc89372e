import { Command } from "commander";
import { messageOf, WikiferryError } from "../engine/errors";
import { ask } from "./status/ask";
import { format } from "./status/format";
import { anythingReached } from "./status/judge";
import { findStack } from "./status/stack";

interface Flags {
  json?: boolean;
  stack?: string;
}

async function main({ json, stack }: Flags): Promise<number> {
  const status = await ask(await findStack(stack));
  await print(json ? `${JSON.stringify(status, null, 2)}\n` : format(status));
  return anythingReached(status) ? 0 : 1;
}

function print(text: string): Promise<void> {
  return new Promise((resolve) => process.stdout.write(text, () => resolve()));
}

const program = new Command("npm run status --")
  .description(
    "Says where the move stands and which steps are legal next. Reads only. Without --stack it tells of the rehearsal, if there is one, else of the selected stack. Exit code 1 if there is no stack or nothing of it could be reached.",
  )
  .option("--json", "print as JSON")
  .option("--stack <name>", "the stack to tell of");
program.parse();

main(program.opts<Flags>())
  .catch(async (error: unknown) => {
    if (program.opts<Flags>().json && error instanceof WikiferryError) {
      const { code, found, wayOut } = error;
      await print(`${JSON.stringify({ ok: false, error: { code, found, wayOut } }, null, 2)}\n`);
    } else process.stderr.write(`${messageOf(error)}\n`);
    return 1;
  })
  // A server that hangs would keep its connection, and with it this process, open.
  .then((code) => process.exit(code));
