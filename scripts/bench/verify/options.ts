import { Command } from "commander";
import { number } from "../../common/options";

export interface BenchOptions {
  /** Data on each server, in gigabytes. */
  gb: number;
  /** How often both tools compare the same data, in turn. */
  pairs: number;
  /** Sessions on each side. */
  sessions: number;
  /** Whether a quarter of the data, the data, and four times the data are compared, too. */
  growth: boolean;
  /** Of the data and of where it is spoiled. */
  seed: number;
  json: boolean;
}

/** @throws CommanderError, after printing what is wrong or the help. */
export function parseOptions(argv: string[]): BenchOptions {
  const program = new Command("npm run bench:verify --")
    .description(
      "Compares two MariaDB servers that hold a wiki's data, and lets pt-table-checksum do the same in turn on the same servers; then spoils copies in every known way, and shows who finds what. Exit code 1 if one is not found.",
    )
    .option("--gb <n>", "data on each server, in gigabytes", number(0.01, 1_000, false), 0.5)
    .option("--pairs <n>", "comparisons by each", number(1, 100), 5)
    .option("--sessions <n>", "sessions on each server", number(1, 16), 4)
    .option("--no-growth", "skip the runs with 1, 4 and 16 times a quarter of the data")
    .option("--seed <n>", "seed of the data and of the corruptions", number(1, 1_000_000), 1)
    .option("--json", "print the figures as JSON", false);
  program.parse(argv, { from: "user" });
  return program.opts<BenchOptions>();
}
