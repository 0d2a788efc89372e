import { Command, InvalidArgumentError } from "commander";

export interface FaultOptions {
  runs: number;
  seed: number;
  /** Only this fault. */
  only?: string;
  /** Only this run of that seed's campaign. */
  replay?: { seed: number; index: number };
  json: boolean;
  list: boolean;
}

export function whole(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("Give a whole number from 0 to 999999999.");
  return Number(text);
}

export function replay(text: string): { seed: number; index: number } {
  const match = /^(\d{1,9}):(\d{1,9})$/.exec(text);
  if (!match) throw new InvalidArgumentError("Give SEED:INDEX as a failed run printed it, such as 1:42.");
  return { seed: Number(match[1]), index: Number(match[2]) };
}

/** @throws CommanderError, after printing what is wrong or the help. */
export function parseOptions(argv: readonly string[], names: readonly string[]): FaultOptions {
  const command = new Command("npm run faults --")
    .description(
      "Runs cutovers and switchbacks on real MariaDB servers behind the real gate, under load, with one fault each at a moment that the seed picks, and judges what came of it. The result goes to reports/faults.json. Exit code 1 if a run failed.",
    )
    .option("--runs <number>", "how many flips", whole, 30)
    .option("--seed <number>", "decides which fault happens, and when", whole, 1)
    .option("--only <name>", `one fault only: ${names.join("; ")}`)
    .option("--replay <seed:index>", "repeat one run of a campaign", replay)
    .option("--json", "print the result as JSON", false)
    .option("--list", "list the faults and what each does", false)
    .allowExcessArguments(false)
    .exitOverride();
  command.parse([...argv], { from: "user" });
  const options = command.opts<FaultOptions>();
  if (options.only !== undefined && !names.includes(options.only))
    command.error(`error: there is no fault "${options.only}". Faults: ${names.join("; ")}`);
  return options;
}
