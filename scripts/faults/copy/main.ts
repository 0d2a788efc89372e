import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { exitWith } from "../exit";
import { replay, whole } from "../options";
import { type CopyFaultsReport, copyCampaign } from "./campaign";

const reportFile = join(__dirname, "../../../reports/faults-copy.json");

async function main(argv: string[]): Promise<number> {
  const command = new Command("npm run faults:copy --")
    .description(
      "Copies a database under constant writes from one real MariaDB to another and lets it follow, kills the tool or a server with SIGKILL at moments that the seed picks, lets the tool continue, and compares all data. The result goes to reports/faults-copy.json. Exit code 1 if a run failed.",
    )
    .option("--runs <number>", "how many copies, each with one kill or two", whole, 10)
    .option("--seed <number>", "decides what is killed, and when", whole, 1)
    .option("--replay <seed:index>", "repeat one run", replay)
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

exitWith(main(process.argv.slice(2)));
