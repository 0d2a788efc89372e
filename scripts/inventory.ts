import { Command } from "commander";
import { type InventoryOptions, readInventory } from "../engine/apps/mediawiki/inventory/read";
import type { SshTarget } from "../engine/move";
import { SshPool } from "../engine/runtime/ssh/pool";
import { keysOf } from "../stacks/common/config/keys";
import { schema } from "../stacks/mediawiki/config";
import { runCommand } from "./common/command";
import { print } from "./common/print";
import { findKeyFile, parseTarget, withHostKey } from "./common/sshTarget";
import { findWikiStack } from "./common/stack";
import { formatInventory } from "./inventory/format";

interface Flags {
  json?: boolean;
  stack?: string;
  directory?: string;
  wiki?: string;
  key?: string;
  acceptHostKeys?: boolean;
}

const defaultDirectory = keysOf(schema).find(({ name }) => name === "blue.web.mediawikiDirectory")?.default;

interface Asked {
  target: SshTarget;
  privateKey: string;
  options: InventoryOptions;
}

async function fromStack({ stack, directory, wiki }: Flags): Promise<Asked> {
  const { config, spec, secrets } = await findWikiStack(stack);
  return {
    target: spec.blue.web.ssh,
    privateKey: secrets.sshPrivateKey,
    options: {
      // The key's default is a guess that need not be right.
      directory:
        directory ??
        (config.blue.web.mediawikiDirectory === defaultDirectory
          ? undefined
          : config.blue.web.mediawikiDirectory),
      wiki: wiki ?? config.blue.web.wikiId,
    },
  };
}

async function fromTarget(text: string, { key, directory, wiki, acceptHostKeys }: Flags): Promise<Asked> {
  return {
    target: await withHostKey(parseTarget(text), acceptHostKeys === true),
    privateKey: findKeyFile(key).key,
    options: { directory, wiki },
  };
}

async function main(text: string | undefined, flags: Flags): Promise<number> {
  const { target, privateKey, options } =
    text === undefined ? await fromStack(flags) : await fromTarget(text, flags);
  const pool = new SshPool(privateKey);
  try {
    const inventory = await readInventory(await pool.to(target), options);
    await print(flags.json ? `${JSON.stringify(inventory, null, 2)}\n` : formatInventory(inventory));
    return 0;
  } finally {
    await pool.close();
  }
}

const program = new Command("npm run inventory --")
  .description(
    "Reads what runs on a wiki's web host: MediaWiki and its settings, PHP, web server, database, uploads, programs, jobs, mail. Reads only, leaves secrets out. Without a target it reads blue of the selected stack.",
  )
  .argument("[target]", "SSH target, such as root@web.example.org")
  .option("--json", "print as JSON")
  .option("--stack <name>", "the stack whose blue to read")
  .option("--directory <path>", "MediaWiki's directory, where the host has several wikis")
  .option("--wiki <id>", "which wiki of a family, as --wiki of MediaWiki's scripts names it")
  .option("--key <file>", "private SSH key; defaults to the first one of ~/.ssh without a passphrase")
  .option("--accept-host-keys", "accept host keys that known_hosts does not have");
program.parse();

runCommand(main(program.args[0], program.opts<Flags>()), program.opts<Flags>().json);
