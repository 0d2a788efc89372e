import { WikiferryError } from "../../../errors";
import type { Server, Session } from "../../../runtime/mariadb/server";
import { contains, samePosition } from "../replication/gtid";
import { positions, replicationStatus } from "../replication/status";
import { ownPlace, type Place, samePlace } from "../snapshotPosition";
import { digestSettings } from "./digest";

/** Sessions in transactions that all read the same state of the data, named by `gtid`; at least one on each side. */
export interface Snapshots {
  gtid: string;
  primary: Session[];
  replica: Session[];
  /** Ends them. Returns when the replica follows again, which it does meanwhile. */
  close(): Promise<void>;
}

export interface SnapshotOptions {
  /** How many on each side, 1 by default. Fewer on a primary that is too busy for them to match. */
  sessions?: number;
  /** Runs while the replica stands at the snapshots' state. */
  whileStill?(still: Omit<Snapshots, "close">): Promise<void>;
  /**
   * How long the replica may stand at one position on its way to the snapshots' position, in ms; a minute by default.
   * While it makes progress it may take as long as it needs.
   */
  patienceMs?: number;
}

const standstillMs = 60_000;
/** How often the primary's snapshots are taken again when a commit came between them. */
const tries = 8;

/**
 * Opens snapshots on both sides without a lock on the primary. A snapshot knows its position in the binary log
 * (`Binlog_snapshot_*`, https://mariadb.com/kb/en/start-transaction/). The primary takes several at once, and those at
 * the same position are kept. The replica applies up to exactly there, takes its own, and continues. Whatever happens,
 * the replica follows again when this throws or the snapshots are closed.
 * @throws `VERIFY_NO_SNAPSHOT` when the replica does not get there
 */
export async function openSnapshots(
  primary: Server,
  replica: Server,
  { sessions = 1, whileStill, patienceMs = standstillMs }: SnapshotOptions = {},
): Promise<Snapshots> {
  const opened: Session[] = [];
  const end = () => {
    for (const session of opened) session.destroy();
  };
  const open = async (server: Server) => {
    const fresh = await Promise.all(Array.from({ length: sessions }, () => freshSession(server)));
    opened.push(...fresh);
    return fresh;
  };
  const [there, here] = await Promise.all([open(primary), open(replica)]);
  const control = await replica.sessionWithoutBinlog();
  const goOn = async () => {
    await control.run("STOP SLAVE");
    await control.run("START SLAVE");
  };
  try {
    await control.run("STOP SLAVE");
    const { gtid, same } = await primarySnapshots(there);
    await applyUpTo(replica, control, gtid, patienceMs);
    await Promise.all(here.map((session) => session.run("START TRANSACTION WITH CONSISTENT SNAPSHOT")));
    const applied = (await positions(replica)).applied;
    if (!samePosition(applied, gtid)) throw noSnapshot(replica, gtid, `it has applied up to ${applied}`);
    const still = { gtid, primary: same, replica: here };
    await whileStill?.(still);
    const going = goOn();
    going.catch(() => {});
    return {
      ...still,
      close: () => {
        end();
        return going;
      },
    };
  } catch (error) {
    end();
    await goOn();
    throw error;
  }
}

async function freshSession(server: Server): Promise<Session> {
  const session = await server.open();
  await session.run("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ");
  // The default would wait a day for someone else's DDL.
  await session.run(`SET SESSION lock_wait_timeout = 60, ${digestSettings}`);
  return session;
}

async function primarySnapshots(sessions: readonly Session[]): Promise<{ gtid: string; same: Session[] }> {
  for (let attempt = 1; ; attempt++) {
    await Promise.all(sessions.map((session) => session.run("START TRANSACTION WITH CONSISTENT SNAPSHOT")));
    const places: Place[] = [];
    for (const session of sessions) {
      const place = await snapshotPlace(session);
      if (!place) break;
      places.push(place);
    }
    const { place, members } = mostCommon(places);
    if (members.length < sessions.length && attempt < tries) continue;
    const same = members.map((at) => sessions[at] as Session);
    const gtid = await same[0]?.value("SELECT BINLOG_GTID_POS(?, ?)", [place?.file, place?.position]);
    return { gtid: gtid ?? "", same };
  }
}

/** The position that occurs most often, and the sessions at it. */
export function mostCommon(places: readonly Place[]): { place?: Place; members: number[] } {
  const groups = places.map((place) => ({
    place,
    members: places.flatMap((other, at) => (samePlace(other, place) ? [at] : [])),
  }));
  return groups.sort((a, b) => b.members.length - a.members.length)[0] ?? { members: [] };
}

function snapshotPlace(session: Session): Promise<Place | undefined> {
  return ownPlace(async (query, times) => {
    const answers = await session.resultSets(`BEGIN NOT ATOMIC ${`${query}; `.repeat(times)} END`);
    return answers.map((rows) => rows.map((row) => Object.values(row)));
  });
}

async function applyUpTo(replica: Server, control: Session, gtid: string, patienceMs: number): Promise<void> {
  // UNTIL with a position that is already reached would let the threads continue.
  if (contains((await positions(replica)).applied, gtid)) return;
  await control.run("START SLAVE UNTIL master_gtid_pos = ?", [gtid]);
  let last = { applied: "", since: performance.now() };
  for (;;) {
    const status = await replicationStatus(replica);
    if (!status) throw noSnapshot(replica, gtid, "it follows no one");
    if (!status.sql) {
      if (status.sqlError.number === 0) return;
      throw noSnapshot(replica, gtid, status.sqlError.message);
    }
    if (status.io === "no" && status.ioError.number !== 0)
      throw noSnapshot(replica, gtid, status.ioError.message);
    const now = performance.now();
    if (status.appliedGtid !== last.applied) last = { applied: status.appliedGtid, since: now };
    if (now - last.since > patienceMs)
      throw noSnapshot(
        replica,
        gtid,
        `it has stood at ${last.applied} for ${Math.round(patienceMs / 1000)} s`,
      );
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function noSnapshot(replica: Server, gtid: string, found: string): WikiferryError {
  return new WikiferryError(
    "VERIFY_NO_SNAPSHOT",
    `${replica.side} did not reach ${gtid}, at which it is to be compared: ${found}`,
    "See why it does not follow (`npm run status`), then run again",
  );
}
