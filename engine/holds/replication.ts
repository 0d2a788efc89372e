import type { Move } from "../context";
import { follow, stopFollowing } from "../mariadb/replication/follow";
import { replicationStatus } from "../mariadb/replication/status";
import { otherSide, type Side } from "../move";
import { deriveSecret } from "../secrets";
import { primaryOf } from "../wiki/primary";
import type { Hold, HoldInputs } from "./hold";

interface Inputs extends HoldInputs {
  /** Whether the passive side follows; false once the old side is retired. */
  following: boolean;
}

interface Outputs {
  /** The side that follows; empty if none does. */
  follower: Side | "";
}

async function bringAbout(move: Move, { following }: Inputs): Promise<Outputs> {
  const primary = await primaryOf(move);
  const follower = otherSide(primary);
  if (!following) {
    await stopFollowing(move[follower]);
    return { follower: "" };
  }
  const password = deriveSecret(move.secrets.masterSecret, "mariadb-replication");
  await follow(move[follower], move[primary], password);
  move.report({ step: "replication", message: `${follower} follows ${primary}` });
  return { follower };
}

/** The passive side follows the active one, over TLS, both threads running. */
export const hold: Hold<Inputs, Outputs> = {
  create: bringAbout,
  update: bringAbout,
  async read(move) {
    const follower = otherSide(await primaryOf(move));
    const status = await replicationStatus(move[follower]);
    return { follower: status?.io === "yes" && status.sql ? follower : "" };
  },
  async remove(move) {
    await stopFollowing(move[otherSide(await primaryOf(move))]);
  },
  stillHolds: (inputs, outputs) => inputs.following === (outputs.follower !== ""),
};
