import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { campaign } from "./faults/campaign";
import { exitWith } from "./faults/exit";
import { faults } from "./faults/faults";
import { parseOptions } from "./faults/options";
import { format } from "./faults/report";

const reportFile = join(__dirname, "../reports/faults.json");

async function main(argv: string[]): Promise<number> {
  const options = parseOptions(
    argv,
    faults.map(({ name }) => name),
  );
  if (options.list) {
    for (const { name, about } of faults) process.stdout.write(`${name}: ${about}\n`);
    return 0;
  }
  // Standard output belongs to the result.
  const report = await campaign(options, (line) => void process.stderr.write(`${line}\n`));
  await mkdir(join(reportFile, ".."), { recursive: true });
  await writeFile(reportFile, `${JSON.stringify(report, null, 2)}\n`);
  process.stdout.write(`${options.json ? JSON.stringify(report, null, 2) : format(report)}\n`);
  return report.ok ? 0 : 1;
}

exitWith(main(process.argv.slice(2)));
