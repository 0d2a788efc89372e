import { setTimeout as sleep } from "node:timers/promises";
import { otherSide, type Side } from "../../../../engine/move";
import { pauseOf } from "../figures";
import type { Lab } from "../lab";
import { Ledger } from "../ledger";
import { say } from "../say";
import type { Peer, PeerSeries } from "./peer";

/** How long clients write undisturbed before and after each flip, in milliseconds. */
const calmMs = 2_000;

/** Before each flip, so that the old side has acknowledged something to measure from, in milliseconds. */
const beforeMs = 300;

/** Measures a peer like our own flips: with the same clients, through the same gate, on the same servers. */
export async function measurePeer(lab: Lab, peer: Peer, flips: number): Promise<PeerSeries> {
  const series: PeerSeries = { name: peer.name, pausesMs: [], ledger: new Ledger() };
  await lab.load.pause();
  await lab.load.take();
  await peer.prepare();
  await lab.load.go();
  let from: Side = "blue";
  for (let n = 1; n <= flips; n++) {
    const to = otherSide(from);
    await sleep(calmMs);
    series.ledger.enter(await lab.load.take());
    await sleep(beforeMs);
    await peer.flip(from, to);
    await sleep(calmMs);
    const records = await lab.load.take();
    series.ledger.enter(records);
    const pauseMs = pauseOf(records, from, to);
    series.pausesMs.push(pauseMs);
    say(`${peer.name}, flip ${n} of ${flips}, ${from} → ${to}: write pause ${pauseMs.toFixed(0)} ms`);
    from = to;
  }
  await lab.load.pause();
  series.ledger.enter(await lab.load.take());
  await series.ledger.checkAll(lab, from);
  await lab.load.go();
  return series;
}
