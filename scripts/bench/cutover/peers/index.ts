import { messageOf } from "../../../../engine/errors";
import type { Lab } from "../lab";
import { say } from "../say";
import { mha } from "./mha/mha";
import type { PeerMaker, PeerSeries } from "./peer";
import { peerAccount } from "./plainReplication";
import { runbook } from "./runbook";
import { measurePeer } from "./series";

const makers: Record<string, PeerMaker> = { "runbook script": runbook, MHA: mha };

/** Measures each peer that is available. One that is not is left out, with a line that says why. */
export async function measurePeers(lab: Lab, flips: number): Promise<PeerSeries[]> {
  await leaveTheServers(lab);
  const all: PeerSeries[] = [];
  for (const [name, make] of Object.entries(makers)) {
    try {
      all.push(await measurePeer(lab, await make(lab), flips));
    } catch (error) {
      say(`${name} is left out: ${messageOf(error)}`);
    }
  }
  return all;
}

/** Removes from both servers what would interfere with another tool: the control schema with its events. */
async function leaveTheServers({ pair }: Lab): Promise<void> {
  for (const server of [pair.blue, pair.green]) {
    const own = await server.sessionWithoutBinlog();
    await own.run("DROP DATABASE wikiferry");
    await own.run("CREATE USER ?@'%' IDENTIFIED BY ?", [peerAccount, pair.replicationPassword]);
    await own.run("GRANT REPLICATION SLAVE ON *.* TO ?@'%'", [peerAccount]);
  }
}
