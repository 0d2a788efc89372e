import { exitWith } from "../exit";
import { flipToAndFro } from "./flips";
import { startLab } from "./lab";
import { Ledger } from "./ledger";
import { type BenchOptions, parseOptions } from "./options";
import { measurePeers } from "./peers";
import { format, isClean, reportOf } from "./report";

async function bench(options: BenchOptions): Promise<number> {
  const lab = await startLab(options);
  try {
    const { rate, flips, warmUp, stableMs, calmMs } = options;
    const order = { rate, stableMs, ledger: new Ledger() };
    if (warmUp > 0) await flipToAndFro(lab, { ...order, flips: warmUp, calmMs: 0, called: "warm-up flip" });
    const series = await flipToAndFro(lab, { ...order, flips, calmMs, called: "flip" });
    const peers = options.peers === "all" ? await measurePeers(lab, options.peerFlips) : [];
    const report = reportOf(series, peers);
    process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : format(report, series));
    return isClean(report) ? 0 : 1;
  } finally {
    await lab.close();
  }
}

exitWith(bench(parseOptions(process.argv.slice(2))));
