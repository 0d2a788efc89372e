import { say } from "../cutover/say";
import { fillWikiData } from "../data/fill";
import { exitWith } from "../exit";
import type { Contender } from "./contender";
import { measureGrowth } from "./growth";
import { type Lab, startLab } from "./lab";
import { type BenchOptions, type Part, parseOptions } from "./options";
import { ours } from "./ours";
import { compare } from "./pairs";
import { backup } from "./peers/backup";
import { dump } from "./peers/dump";
import { mydumper } from "./peers/mydumper";
import { format, type Measured, reportOf } from "./report";

async function bench(options: BenchOptions): Promise<number> {
  const { gb, pairs, method, only, seed } = options;
  const wants = (part: Part) => only.includes(part);
  const lab = await startLab();
  try {
    const measured: Measured = { growth: [] };
    const logicalPeers = chosen(lab, wants, { mydumper, dump });
    const physicalPeers = chosen(lab, wants, { backup });
    const byRows = method !== "physical" && (wants("logical") || logicalPeers.length > 0);
    const byFiles = method !== "logical" && (wants("physical") || physicalPeers.length > 0);
    let bytes = 0;
    if (byRows || byFiles) {
      say(`making ${gb} GB`);
      bytes = (await fillWikiData(lab.pair.blue, lab.database, { bytes: gb * 1e9, seed })).bytes;
    }
    if (byRows) measured.logical = await compare(lab, pairs, ours(lab, "logical"), logicalPeers);
    if (byFiles) measured.physical = await compare(lab, pairs, ours(lab, "physical"), physicalPeers);
    if (wants("growth"))
      measured.growth = await measureGrowth(
        lab,
        ours(lab, method === "physical" ? "physical" : "logical"),
        gb,
        seed,
      );
    const report = reportOf(measured, pairs, bytes);
    process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : format(report));
    return report.differing + report.tooLarge === 0 ? 0 : 1;
  } finally {
    await lab.close();
  }
}

function chosen(
  lab: Lab,
  wants: (part: Part) => boolean,
  makers: Partial<Record<Part, (lab: Lab) => Contender>>,
): Contender[] {
  return Object.entries(makers)
    .filter(([part]) => wants(part as Part))
    .map(([, make]) => make(lab));
}

exitWith(bench(parseOptions(process.argv.slice(2))));
