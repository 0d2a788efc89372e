import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Command, CommanderError, InvalidArgumentError } from "commander";
import { messageOf } from "../../../engine/errors";
import { type CopyFaultsReport, copyCampaign } from "./campaign";

const reportFile = join(__dirname, "../../../reports/faults-copy.json");

function whole(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("Give a whole number from 0 to 999999999.");
  return Number(text);
}

function replayed(text: string): { seed: number; index: number } {
  const match = /^(\d{1,9}):(\d{1,9})$/.exec(text);
  if (!match) throw new InvalidArgumentError("Give SEED:INDEX as a run prints it, such as 1:42.");
  return { seed: Number(match[1]), index: Number(match[2]) };
}

async function main(argv: string[]): Promise<number> {
  const command = new Command("npm run faults:copy --")
    .description(
      "Copies a database that is written to all the time from one real MariaDB to another and lets it follow, kills the tool or a server with SIGKILL at moments that the seed picks, lets the tool go on, and compares all data. The result goes to reports/faults-copy.json. Exit code 1 if a run failed.",
    )
    .option("--runs <number>", "how many copies, each with one kill or two", whole, 10)
    .option("--seed <number>", "what decides what is killed when", whole, 1)
    .option("--replay <seed:index>", "repeat one run", replayed)
    .option("--json", "print the result as JSON", false)
    .allowExcessArguments(false)
    .exitOverride();
  command.parse(argv, { from: "user" });
  const options = command.opts<{
    runs: number;
    seed: number;
    replay?: { seed: number; index: number };
    json: boolean;
  }>();
  const report = await copyCampaign(options, (line) => void process.stderr.write(`${line}\n`));
  await mkdir(join(reportFile, ".."), { recursive: true });
  await writeFile(reportFile, `${JSON.stringify(report, null, 2)}\n`);
  process.stdout.write(`${options.json ? JSON.stringify(report, null, 2) : summary(report)}\n`);
  return report.ok ? 0 : 1;
}

function summary({ ok, runs, kills, repeated, failures }: CopyFaultsReport): string {
  return `${ok ? "OK  " : "FAIL"} ${runs} copies with ${kills} kills: ${runs - failures.length} ended with identical data; ${repeated} pieces copied twice`;
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    // Commander has said it already.
    if (error instanceof CommanderError) process.exit(error.exitCode);
    process.stderr.write(`${messageOf(error)}\n`);
    process.exit(1);
  },
);
