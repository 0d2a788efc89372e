import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import type { SamenessReport } from "../engine/apps/mediawiki/sameness/run";
import { compareSameness } from "../engine/operations/sameness";
import { openMoveSession } from "../engine/session";
import { runCommand } from "./common/command";
import { number } from "./common/options";
import { print, sayProgress } from "./common/print";
import { findWikiStack } from "./common/stack";
import { headline, page } from "./compare/page";
import { projectDir } from "./setup/paths";

interface Flags {
  stack?: string;
  json?: boolean;
  limit?: number;
}

/** Differences that the terminal shows; the report has all. */
const mostShown = 20;

function text(report: SamenessReport, file: string): string {
  const shown = report.different.slice(0, mostShown);
  return [
    `${headline(report)}.`,
    ...shown.map(({ shape, what }) => `  ${shape}\n    ${what}`),
    ...(report.different.length > shown.length
      ? [`  and ${report.different.length - shown.length} more`]
      : []),
    ...report.findings.map(({ code, found, remedy }) => `${code}: ${found}. ${remedy}`),
    `See ${file}`,
    "",
  ].join("\n");
}

async function main({ stack: named, json, limit }: Flags): Promise<number> {
  const { name, spec, secrets } = await findWikiStack(named);
  const move = openMoveSession(spec, secrets, sayProgress());
  try {
    const report = await compareSameness(move, limit);
    const directory = join(projectDir, "reports");
    mkdirSync(directory, { recursive: true });
    const facts = { stack: name, serverUrl: spec.wiki.serverUrl, at: new Date().toISOString() };
    writeFileSync(join(directory, "compare.html"), page(report, facts));
    const whole = `${JSON.stringify({ ...facts, ...report }, null, 2)}\n`;
    writeFileSync(join(directory, "compare.json"), whole);
    await print(json ? whole : text(report, "reports/compare.html"));
    return report.different.length === 0 ? 0 : 1;
  } finally {
    await move.close();
  }
}

const program = new Command("npm run compare --")
  .description(
    "Asks blue and green for the same addresses and compares the answers and settings. Writes reports/compare.html and reports/compare.json. Exit code 1 if anything differs.",
  )
  .option("--stack <name>", "the stack to look at")
  .option("--json", "print the result as JSON")
  .option("--limit <number>", "addresses to ask for, in place of compare.addresses", number(20, 20_000));
program.parse();

const flags = program.opts<Flags>();
runCommand(main(flags), flags.json);
