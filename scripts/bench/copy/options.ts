import { Command, InvalidArgumentError, Option } from "commander";
import { number } from "../../common/options";

export const parts = ["logical", "physical", "mydumper", "dump", "backup", "growth"] as const;
export type Part = (typeof parts)[number];

export interface BenchOptions {
  /** Size of the data, in GB of data and indexes. */
  gb: number;
  pairs: number;
  method: "logical" | "physical" | "both";
  only: Part[];
  seed: number;
  json: boolean;
}

function some(text: string): Part[] {
  const names = text.split(",").map((name) => name.trim());
  for (const name of names)
    if (!parts.includes(name as Part))
      throw new InvalidArgumentError(`${name} is none of ${parts.join(", ")}.`);
  return names as Part[];
}

/** @throws CommanderError, after printing what is wrong or the help. */
export function parseOptions(argv: string[]): BenchOptions {
  const program = new Command("npm run bench:copy --")
    .description(
      "Copies a wiki's data from one MariaDB server to another: our copy, in a separate process, and public tools in turn on the same servers, in pairs of alternating order. A ratio is our time divided by the tool's, the median over the pairs. Then runs our copy alone with 1, 4 and 16 times the data. Exit code 1 if a copy of ours differs from the original, or takes more than 256 MB of memory.",
    )
    .option("--gb <n>", "data and indexes, in GB", number(0.01, 100, false), 0.5)
    .option("--pairs <n>", "number of pairs per comparison", number(1, 50), 5)
    .addOption(
      new Option(
        "--method <which>",
        "our way: rows against mydumper and mariadb-dump, files against mariadb-backup",
      )
        .choices(["logical", "physical", "both"])
        .default("both"),
    )
    .option(
      "--only <parts>",
      `some of ${parts.join(", ")}, separated by commas: a way of ours alone, tools beside it, growth`,
      some,
      [...parts],
    )
    .option("--seed <n>", "other data of the same size", number(1, 1_000_000), 1)
    .option("--json", "print the figures as JSON", false);
  program.parse(argv, { from: "user" });
  return program.opts<BenchOptions>();
}
