import { journalOn } from "../control/mariadb/openJournal";
import { findPrimary } from "../control/mariadb/primary";
import { type MoveSpec, otherSide, type Side } from "../move";
import { catchUpThreads, setApplyThreads } from "../movers/mariadb/replication/applyThreads";
import { type CaughtUp, catchUp } from "../movers/mariadb/replication/catchUp";
import {
  type Durability,
  readDurability,
  relaxDurability,
  restoreDurability,
} from "../movers/mariadb/replication/durability";
import { follow, stopFollowing } from "../movers/mariadb/replication/follow";
import { describeChange, noteSchemaChanges } from "../movers/mariadb/replication/schemaChanges";
import { replicationStatus } from "../movers/mariadb/replication/status";
import { deriveSecret } from "../secrets";
import { type MoveSession, openMoveSession } from "../session";
import { pick, replicatedDatabases } from "../slice";
import type { ResourceHandler } from "./handler";

const slice = (spec: MoveSpec) => ({
  ...replicatedDatabases(spec),
  wiki: pick(spec.wiki, "database"),
});

type Session = MoveSession<ReturnType<typeof slice>>;

interface Inputs {
  /** Whether the passive side follows; false once the old side is retired. */
  following: boolean;
  /** Whether a flip may come. Then a commit on either side is on disk when it is acknowledged. */
  flipping: boolean;
}

interface Outputs {
  /** The side that follows; empty if none does. */
  follower: Side | "";
  durability: Durability;
}

async function bringAbout(session: Session, { following, flipping }: Inputs): Promise<Outputs> {
  const { side: primary } = await findPrimary(session);
  const follower = otherSide(primary);
  const replica = session[follower];
  if (!following) {
    await stopFollowing(replica);
    return { follower: "", durability: "full" };
  }
  await seeSchema(session, follower);
  // Set before it follows, because it is meant for hours of catching up.
  let durability = flipping ? undefined : await relaxDurability(replica);
  if (durability === "relaxed") await setApplyThreads(replica, catchUpThreads);
  const startedAt = performance.now();
  const password = deriveSecret(session.secrets.masterSecret, "mariadb-replication");
  await follow(replica, session[primary], password);
  const caughtUp = await catchUp(replica, session[primary], {
    report: session.report,
    meanwhile: () => seeSchema(session, follower),
  });
  if (durability === undefined) {
    // A flip waits for each transaction, and with several threads one was seen not to finish.
    await setApplyThreads(replica, 0);
    await follow(replica, session[primary], password);
    await restoreDurability(replica);
    durability = "full";
  }
  await tell(session, primary, caughtUp, Math.round(performance.now() - startedAt));
  return { follower, durability };
}

/** Reports schema changes in the terminal and in the journal. */
export async function seeSchema(session: Session, follower: Side): Promise<void> {
  const replica = session[follower];
  const source = session[otherSide(follower)];
  const changes = await noteSchemaChanges(replica, source, session.spec.wiki.database, journalOn(replica));
  for (const change of changes)
    session.report({ step: "replication", message: `${follower} followed: ${describeChange(change)}` });
}

/** @param followMs From the start of replication until it had caught up. */
async function tell(session: Session, primary: Side, caughtUp: CaughtUp, followMs: number): Promise<void> {
  const follower = otherSide(primary);
  const { transactions, lagMs } = caughtUp;
  const message = `${follower} follows ${primary}, lag ${lagMs} ms, ${transactions} transactions caught up in ${(followMs / 1000).toFixed(1)} s`;
  session.report({ step: "replication", message, percent: 100 });
  await journalOn(session.green).append({
    step: "replication",
    side: follower,
    event: "caught up",
    detail: { ...caughtUp, followMs },
  });
}

/** The passive side follows the active one, over TLS, with both threads running, and has caught up. */
export const handler: ResourceHandler<Session, Inputs, Outputs> = {
  slice,
  open: openMoveSession,
  create: bringAbout,
  update: bringAbout,
  async read(session) {
    const follower = otherSide((await findPrimary(session)).side);
    const status = await replicationStatus(session[follower]);
    const durability = await readDurability(session[follower]);
    return { follower: status?.io === "yes" && status.sql ? follower : "", durability };
  },
  async remove(session) {
    const { side: primary } = await findPrimary(session);
    await stopFollowing(session[otherSide(primary)]);
  },
  stillHolds: (inputs, outputs) =>
    inputs.following === (outputs.follower !== "") &&
    (!inputs.following || !inputs.flipping || outputs.durability === "full"),
};
