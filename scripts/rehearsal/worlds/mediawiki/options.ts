import { Command, Option } from "commander";
import { number } from "../../../common/options";
import { stops } from "../../core/ladder";
import type { RehearseOptions } from "../../core/rehearse";
import { type SiteName, siteNames } from "./oldSite/sites/index";

export interface RehearsalOptions extends RehearseOptions {
  /** How the old wiki is set up, by its hosts' release of Debian. */
  world: SiteName;
  pages: number;
  files: number;
  seed: number;
  editsPerSecond: number;
  viewsPerSecond: number;
  /** Bound of the load, in minutes. It ends with the rehearsal; a slow machine needs more than a quick one. */
  minutes: number;
  /** The load continues until at least this many edits and uploads are acknowledged. */
  edits: number;
  uploads: number;
}

/** @throws CommanderError, after having printed what is wrong or the help. */
export function parseOptions(argv: string[]): RehearsalOptions {
  const program = new Command("npm run rehearsal --")
    .description(
      "Builds an old wiki on three containers, puts readers and editors on it, and moves it with `pulumi up`, phase by phase: over, back, over, retired. Ends with reports/rehearsal.html, of another world than the usual one with reports/rehearsal-<world>.html. Exit code 1 if anything was lost or a promise broken.",
    )
    .addOption(
      new Option("--world <release>", "Debian's release on the old hosts, and how their wiki is set up")
        .choices(siteNames)
        .default("bookworm"),
    )
    .option("--pages <n>", "pages of the old wiki", number(20, 100_000), 2000)
    .option("--files <n>", "uploaded files of the old wiki", number(1, 10_000), 200)
    .option("--seed <n>", "order of what readers and editors do", number(0, 2 ** 31), 1)
    .option("--edits-per-second <n>", "edits, page creations, moves and uploads", number(0.1, 100, false), 5)
    .option("--views-per-second <n>", "page views", number(0, 200, false), 6)
    .option("--minutes <n>", "bound of the load, which ends with the rehearsal", number(1, 240, false), 120)
    .option("--edits <n>", "continue until this many edits are acknowledged", number(0, 1_000_000), 1000)
    .option("--uploads <n>", "and this many uploads", number(0, 100_000), 50)
    .addOption(
      new Option("--until <phase>", "stop there with everything running, to go on by hand").choices([
        ...stops,
      ]),
    )
    .option("--json", "print the report as JSON at the end", false);
  program.parse(argv, { from: "user" });
  return program.opts<RehearsalOptions>();
}
