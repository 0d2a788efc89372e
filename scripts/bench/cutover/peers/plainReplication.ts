import { otherSide, type Side } from "../../../../engine/move";
import type { Lab } from "../lab";

/** The account for the peers' replication. Their tools do not use certificates. */
export const peerAccount = "bench_repl";

/** Makes the other side follow `primary` as a runbook would: by GTID, from its own position, without TLS. */
export async function followPlainly({ pair }: Lab, primary: Side): Promise<void> {
  const passive = pair[otherSide(primary)];
  const { host, port } = pair[primary].place.replication;
  await passive.run("STOP SLAVE");
  await passive.run(
    `CHANGE MASTER TO MASTER_HOST = ?, MASTER_PORT = ?, MASTER_USER = ?, MASTER_PASSWORD = ?, MASTER_SSL = 0,
       MASTER_USE_GTID = current_pos`,
    [host, port, peerAccount, pair.replicationPassword],
  );
  await passive.run("START SLAVE");
}
