import type { Move } from "../context";
import { findPrimary } from "../mariadb/control/primary";
import { catchUpThreads, setApplyThreads } from "../mariadb/replication/applyThreads";
import { type CaughtUp, catchUp } from "../mariadb/replication/catchUp";
import {
  type Durability,
  readDurability,
  relaxDurability,
  restoreDurability,
} from "../mariadb/replication/durability";
import { follow, stopFollowing } from "../mariadb/replication/follow";
import { describeChange, noteSchemaChanges } from "../mariadb/replication/schemaChanges";
import { replicationStatus } from "../mariadb/replication/status";
import { otherSide, type Side } from "../move";
import { deriveSecret } from "../secrets";
import { journalOn } from "../wiki/journal";
import type { Hold, HoldInputs } from "./hold";

interface Inputs extends HoldInputs {
  /** Whether the passive side follows; false once the old side is retired. */
  following: boolean;
  /** Whether a flip may come: then a commit on either side is on disk when it is acknowledged. */
  flipping: boolean;
}

interface Outputs {
  /** The side that follows; empty if none does. */
  follower: Side | "";
  durability: Durability;
}

async function bringAbout(move: Move, { following, flipping }: Inputs): Promise<Outputs> {
  const { side: primary } = await findPrimary(move);
  const follower = otherSide(primary);
  const replica = move[follower];
  if (!following) {
    await stopFollowing(replica);
    return { follower: "", durability: "full" };
  }
  await seeSchema(move, follower);
  // Before it follows: a catch-up of hours is what it is for.
  let durability = flipping ? undefined : await relaxDurability(replica);
  if (durability === "relaxed") await setApplyThreads(replica, catchUpThreads);
  const startedAt = performance.now();
  const password = deriveSecret(move.secrets.masterSecret, "mariadb-replication");
  await follow(replica, move[primary], password);
  const caughtUp = await catchUp(replica, move[primary], {
    report: move.report,
    meanwhile: () => seeSchema(move, follower),
  });
  if (durability === undefined) {
    // A flip waits for each transaction, and with several threads one has been seen not to come to its end.
    await setApplyThreads(replica, 0);
    await follow(replica, move[primary], password);
    await restoreDurability(replica);
    durability = "full";
  }
  await tell(move, primary, caughtUp, Math.round(performance.now() - startedAt));
  return { follower, durability };
}

/** Names what changed in the schema, in the terminal and in the journal. */
export async function seeSchema(move: Move, follower: Side): Promise<void> {
  const replica = move[follower];
  const source = move[otherSide(follower)];
  const changes = await noteSchemaChanges(replica, source, move.spec.wiki.database, journalOn(replica));
  for (const change of changes)
    move.report({ step: "replication", message: `${follower} followed: ${describeChange(change)}` });
}

/** @param followMs From the start of following until it had caught up. */
async function tell(move: Move, primary: Side, caughtUp: CaughtUp, followMs: number): Promise<void> {
  const follower = otherSide(primary);
  const { transactions, lagMs } = caughtUp;
  const message = `${follower} follows ${primary}, lag ${lagMs} ms, ${transactions} transactions caught up in ${(followMs / 1000).toFixed(1)} s`;
  move.report({ step: "replication", message, percent: 100 });
  await journalOn(move.green).append({
    step: "replication",
    side: follower,
    event: "caught up",
    detail: { ...caughtUp, followMs },
  });
}

/** The passive side follows the active one, over TLS, both threads running, and has caught up. */
export const hold: Hold<Inputs, Outputs> = {
  create: bringAbout,
  update: bringAbout,
  async read(move) {
    const follower = otherSide((await findPrimary(move)).side);
    const status = await replicationStatus(move[follower]);
    const durability = await readDurability(move[follower]);
    return { follower: status?.io === "yes" && status.sql ? follower : "", durability };
  },
  async remove(move) {
    const { side: primary } = await findPrimary(move);
    await stopFollowing(move[otherSide(primary)]);
  },
  stillHolds: (inputs, outputs) =>
    inputs.following === (outputs.follower !== "") &&
    (!inputs.following || !inputs.flipping || outputs.durability === "full"),
};
