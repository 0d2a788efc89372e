import { median } from "../../common/median";
import { say } from "../cutover/say";
import { exitWith } from "../exit";
import { spoiledTables } from "./corruptions";
import { fillBoth, type Lab, spoil, startLab } from "./lab";
import { type BenchOptions, parseOptions } from "./options";
import { compareInOwnProcess } from "./ours/ours";
import { TableChecksum } from "./peers/percona/percona";
import { allFound, type BenchReport, format, type Pair, peerOf, rounded } from "./report";

const spoiledDatabase = "spoiled";
/** Multiples of a quarter of the data. */
const factors = [1, 4, 16];

async function bench(options: BenchOptions): Promise<number> {
  const lab = await startLab();
  try {
    const peer = await TableChecksum.start(lab.pair, lab.world);
    const report: BenchReport = {
      ...(await compareInTurn(lab, peer, options)),
      growth: options.growth ? await grow(lab, options) : [],
      corruptions: await seekCorruptions(lab, peer, options),
    };
    process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : format(report));
    return allFound(report) ? 0 : 1;
  } finally {
    await lab.close();
  }
}

async function compareInTurn(
  lab: Lab,
  peer: TableChecksum,
  { gb, seed, pairs, sessions }: BenchOptions,
): Promise<Pick<BenchReport, "pairs" | "ours" | "peers">> {
  const { pair } = lab;
  await fillBoth(lab, gb, seed);
  const measured: Pair[] = [];
  const memory: number[] = [];
  for (let n = 1; n <= pairs; n++) {
    const ours = await compareInOwnProcess(pair, pair.database, sessions);
    const theirs = await peer.compare(pair, pair.database);
    if (ours.differing.length + theirs.differing.length > 0)
      throw new Error(
        `data that is the same was found to differ: ${[ours.differing, theirs.differing].join("; ")}`,
      );
    measured.push({ ours: ours.seconds, peer: theirs.seconds });
    memory.push(ours.peakMemoryBytes);
    say(
      `pair ${n} of ${pairs}: ours ${ours.seconds.toFixed(2)} s, ${peer.name} ${theirs.seconds.toFixed(2)} s`,
    );
  }
  return {
    pairs,
    ours: {
      seconds: rounded(median(measured.map(({ ours }) => ours))),
      peakMemoryBytes: Math.max(...memory),
    },
    peers: [peerOf(peer.name, measured)],
  };
}

async function grow(lab: Lab, { gb, seed, sessions }: BenchOptions): Promise<BenchReport["growth"]> {
  const growth: BenchReport["growth"] = [];
  for (const factor of factors) {
    const bytes = await fillBoth(lab, (gb / 4) * factor, seed);
    const { seconds, peakMemoryBytes } = await compareInOwnProcess(lab.pair, lab.pair.database, sessions);
    growth.push({ factor, bytes, seconds: rounded(seconds), peakMemoryBytes });
    say(`${factor} times: ${seconds.toFixed(2)} s`);
  }
  return growth;
}

async function seekCorruptions(
  lab: Lab,
  peer: TableChecksum,
  { seed, sessions }: BenchOptions,
): Promise<BenchReport["corruptions"]> {
  const tables = spoiledTables(spoiledDatabase, seed);
  await spoil(lab, spoiledDatabase, tables);
  const ours = await compareInOwnProcess(lab.pair, spoiledDatabase, sessions);
  const theirs = await peer.compare(lab.pair, spoiledDatabase);
  return tables.map(({ name, table }) => ({
    name,
    found: ours.differing.includes(table),
    foundByPeer: theirs.differing.includes(table),
  }));
}

exitWith(bench(parseOptions(process.argv.slice(2))));
