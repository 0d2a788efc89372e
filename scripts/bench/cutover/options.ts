import { Command, Option } from "commander";
import { number } from "../../common/options";

export interface BenchOptions {
  /** Cutovers and switchbacks together. */
  flips: number;
  /** Flips before those. Only their losses and failures count, and the longest wait of an edit. */
  warmUp: number;
  /** Writes per second, all clients together. */
  rate: number;
  /** Keep-alive connections that write, one request at a time each. */
  clients: number;
  /** How long the lag must have been small before a flip, in milliseconds: most of the time a flip takes. */
  stableMs: number;
  /** How long nothing happens before each flip, and as long after it, in milliseconds; no shorter than the flip. */
  calmMs: number;
  peers: "none" | "all";
  /** Flips of each peer. */
  peerFlips: number;
  json: boolean;
}

/** @throws CommanderError, after printing what is wrong or the help. */
export function parseOptions(argv: string[]): BenchOptions {
  const program = new Command("npm run bench:cutover --")
    .description(
      "Flips a pair of MariaDB servers back and forth under writes through the gate, and measures the write pause by the clients' records: from the last write that the old side acknowledged to the first that the new one did. Exit code 1 if a request failed or an acknowledged write was lost.",
    )
    .option("--flips <n>", "cutovers and switchbacks together, an even number", number(2, 1_000), 50)
    .option(
      "--warm-up <n>",
      "flips before those, an even number, until V8 has compiled both sides' web apps; only their losses and failures count, and the longest wait of an edit",
      number(0, 1_000),
      8,
    )
    .option("--rate <n>", "writes a second, all clients together", number(1, 5_000), 500)
    .option("--clients <n>", "keep-alive clients that write", number(1, 200), 16)
    .option(
      "--stable-ms <ms>",
      "how long the lag must have been small before each flip; in production at least 8,000; page views beside a flip are compared over an equal time",
      number(500, 60_000),
      500,
    )
    .option(
      "--calm-ms <ms>",
      "how long nothing happens before each flip, and as long after it; page views without a flip are measured there. No shorter than the flip",
      number(0, 600_000),
      4_000,
    )
    .addOption(
      new Option("--peers <which>", "other ways to do it, in the same run on the same servers")
        .choices(["none", "all"])
        .default("all"),
    )
    .option("--peer-flips <n>", "flips of each peer", number(2, 100), 6)
    .option("--json", "print the figures as JSON", false);
  program.parse(argv, { from: "user" });
  const options = program.opts<BenchOptions>();
  if (options.flips % 2 !== 0 || options.warmUp % 2 !== 0)
    program.error("error: --flips and --warm-up must be even, so that the last one is a switchback");
  return options;
}
