import { Command } from "commander";
import { messageOf } from "../engine/errors";
import { properties } from "../engine/movers/mariadb/cutover/model/properties";
import { mutants, protocolRules } from "../engine/movers/mariadb/cutover/model/rules";
import { mutantScenarios, scenarios } from "../engine/movers/mariadb/cutover/model/scenarios";
import { type SearchResult, search } from "../engine/movers/mariadb/cutover/model/search";

interface MutantResult {
  name: string;
  breaks: string;
  /** Where it was found; undefined if nowhere. */
  found: SearchResult | undefined;
}

const tell = (text: string) => process.stderr.isTTY && process.stderr.write(`\r\x1b[K${text}`);
const number = (value: number) => value.toLocaleString("en-US");

function searchAll(names: readonly string[]): SearchResult[] {
  return scenarios
    .filter(({ name }) => names.length === 0 || names.includes(name))
    .map((scenario) =>
      search(scenario, protocolRules, {
        tell: (states) => tell(`${scenario.name}: ${number(states)} states`),
      }),
    );
}

function searchMutants(): MutantResult[] {
  return Object.entries(mutants).map(([name, { rules, breaks }]) => {
    for (const scenario of mutantScenarios) {
      const found = search(scenario, rules, {
        only: breaks,
        tell: (states) => tell(`${name}: ${number(states)} states`),
      });
      if (found.violation) return { name, breaks, found };
    }
    return { name, breaks, found: undefined };
  });
}

function print(results: readonly SearchResult[], caught: readonly MutantResult[]): void {
  tell("");
  console.log(`The protocol of the cutover: ${Object.keys(properties).join("; ")}.\n`);
  for (const { scenario, states, steps, depth, violation } of results) {
    const verdict = violation ? `BROKEN: ${violation.property}` : "all hold";
    console.log(`  ${scenario}: ${number(states)} states, ${number(steps)} steps, ${depth} deep: ${verdict}`);
    if (violation)
      console.log(`    ${violation.found}\n${violation.trace.map((step) => `      ${step}`).join("\n")}`);
  }
  const total = results.reduce((sum, { states }) => sum + states, 0);
  console.log(`\n  ${number(total)} states in all\n\nMistakes that the search must find:\n`);
  for (const { name, breaks, found } of caught) {
    const violation = found?.violation;
    const how = violation
      ? `found after ${number(found.states)} states, ${violation.trace.length} steps: ${violation.found}`
      : `NOT FOUND, though it should break "${breaks}"`;
    console.log(`  ${name}: ${how}`);
  }
}

async function main(): Promise<void> {
  const program = new Command("npm run model --")
    .description(
      "Searches every order of events in which the cutover's protocol can run, crash and be delayed.",
    )
    .option("--json", "print the result as JSON")
    .option("--only <scenario...>", "scenarios to search (all by default)")
    .option("--no-mutants", "leave out the protocols with a mistake in them");
  program.parse();
  const options = program.opts<{ json?: boolean; only?: string[]; mutants: boolean }>();
  const unknown = (options.only ?? []).find((name) => !scenarios.some((scenario) => scenario.name === name));
  if (unknown !== undefined)
    program.error(
      `no scenario is called "${unknown}"; there are: ${scenarios.map(({ name }) => name).join("; ")}`,
    );

  const results = searchAll(options.only ?? []);
  const caught = options.mutants ? searchMutants() : [];
  const ok =
    results.every(({ violation, flipped }) => !violation && flipped > 0) &&
    caught.every(({ breaks, found }) => found?.violation?.property === breaks);
  if (options.json) console.log(JSON.stringify({ scenarios: results, mutants: caught, ok }, null, 2));
  else print(results, caught);
  process.exitCode = ok ? 0 : 1;
}

main().catch((error: unknown) => {
  console.error(messageOf(error));
  process.exitCode = 1;
});
