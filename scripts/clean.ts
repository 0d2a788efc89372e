import { Command } from "commander";
import { messageOf } from "../engine/errors";
import { refuseUnderWay, rehearsalThings, removeRehearsal, type Thing } from "./clean/rehearsal";
import { removeSetUp, setUpThings } from "./clean/setUp";
import { refuseForeign } from "./rehearsal/worlds/mediawiki/foreign";
import { engineProblem } from "./setup/docker";
import { requireLocalEngine } from "./setup/localEngine";

interface Flags {
  dryRun?: boolean;
  all?: boolean;
}

async function clean({ dryRun, all }: Flags): Promise<void> {
  requireLocalEngine();
  const problem = await engineProblem();
  if (problem)
    throw new Error(
      `Docker does not answer, so nothing can be removed (${problem}). Start it, then run this again.`,
    );
  if (!dryRun) refuseUnderWay();
  await refuseForeign();
  const look = async () => [...(await rehearsalThings()), ...(all ? await setUpThings() : [])];
  const before = await look();
  if (dryRun) return list("would remove", before);
  await removeRehearsal();
  const stayed = all ? await removeSetUp() : [];
  const left = (await engineProblem()) ? [] : await look();
  const gone = before.filter(({ kind, name }) => !left.some((it) => it.kind === kind && it.name === name));
  list("removed", gone);
  for (const what of stayed) process.stdout.write(`stays    ${what}\n`);
}

function list(word: string, things: readonly Thing[]): void {
  if (things.length === 0) process.stdout.write("there is nothing to remove\n");
  for (const { kind, name } of things) process.stdout.write(`${word}  ${kind.padEnd(9)}  ${name}\n`);
}

const program = new Command("npm run clean --")
  .description(
    "Removes what this checkout's rehearsal created, and nothing else: both sides' containers, volumes and networks, and its stack. Reports stay, and so do the Pulumi engine and packages that the set-up installed.",
  )
  .option("--dry-run", "only list what would be removed")
  .option(
    "--all",
    "also the images, the offline plugins and the Docker engine that the set-up created or started",
  );
program.parse();

clean(program.opts<Flags>()).catch((error: unknown) => {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
});
