import { Command, Option } from "commander";
import { messageOf } from "../engine/errors";
import { duration } from "../engine/format";
import { pathOf } from "./rehearsal/worlds/mediawiki/addresses";
import {
  ensureWorld,
  removeWorld,
  resetWorld,
  type World,
  worldStatus,
} from "./rehearsal/worlds/mediawiki/oldSite/index";
import { type SiteName, siteNames } from "./rehearsal/worlds/mediawiki/oldSite/sites/index";
import { setUpOldSite } from "./setup/index";

interface Flags {
  world: SiteName;
  pages: string;
  files: string;
  seed: string;
  json?: boolean;
  keepCopies?: boolean;
}

const startedMs = Date.now();
const since = () => duration(Date.now() - startedMs);
const progress = (message: string) => process.stderr.write(`world: ${since()} ${message}\n`);

function print(world: World, json?: boolean): void {
  const { secrets: _secrets, editors: _editors, reader, ...shown } = world;
  if (json) process.stdout.write(`${JSON.stringify(shown, null, 2)}\n`);
  else
    process.stdout.write(
      `The old site runs at ${world.wikiUrl}${pathOf(world.wiki.articlePath, world.wiki.mainPage)} (ready in ${since()}).\n  log in as ${reader.name} with ${reader.password}\n${Object.values(
        world.hosts,
      )
        .map(
          (host) =>
            `  ${host.container}: ssh -p ${host.port} -i ${world.operatorKeyFile} root@${host.address}\n`,
        )
        .join("")}`,
    );
}

const sized = (command: Command): Command =>
  command
    .addOption(
      new Option("--world <release>", "Debian's release on its hosts, and how its wiki is set up")
        .choices(siteNames)
        .default("bookworm"),
    )
    .option("--pages <n>", "pages of text", "2000")
    .option("--files <n>", "uploaded files", "210")
    .option("--seed <n>", "same seed, same content", "1")
    .option("--json", "print the result as JSON");

const given = ({ world, pages, files, seed }: Flags) => ({
  site: world,
  pages: Number(pages),
  files: Number(files),
  seed: Number(seed),
  progress,
});

async function start(how: typeof ensureWorld, flags: Flags): Promise<void> {
  await setUpOldSite(flags.world);
  print(await how(given(flags)), flags.json);
}

const program = new Command("world").description(
  "The old site of the rehearsal: three hosts that run a wiki.",
);
sized(
  program
    .command("up", { isDefault: true })
    .description("create it, or start it from the state kept after its creation"),
).action((flags: Flags) => start(ensureWorld, flags));
sized(program.command("reset").description("reset it to the state right after its creation")).action(
  (flags: Flags) => start(resetWorld, flags),
);
program
  .command("down")
  .description("remove it, and nothing else")
  .option("--keep-copies", "keep the copies that make the next `up` quick")
  .action(async (flags: Flags) => removeWorld({ copies: !flags.keepCopies }));
program
  .command("status")
  .description("what there is of it")
  .option("--json", "print as JSON")
  .action(async (flags: Flags) => {
    const status = await worldStatus();
    process.stdout.write(
      flags.json
        ? `${JSON.stringify(status, null, 2)}\n`
        : `${status.hosts.map(({ container, state }) => `${container}: ${state}`).join("\n")}\n`,
    );
  });

program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
});
