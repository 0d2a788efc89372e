import { readJournal } from "../../../engine/control/mariadb/journal";
import { readLease } from "../../../engine/control/mariadb/lease";
import { readRole } from "../../../engine/control/mariadb/role";
import { hasControlSchema } from "../../../engine/control/mariadb/schema";
import { type MoveSpec, otherSide, type Secrets, type Side } from "../../../engine/move";
import { failedFiles, heldCode } from "../../../engine/movers/files/passes";
import { copyState } from "../../../engine/movers/mariadb/copy/state";
import { look } from "../../../engine/movers/mariadb/replication/catchUp";
import { catchUpRate } from "../../../engine/movers/mariadb/replication/catchUpRate";
import { describeStop } from "../../../engine/movers/mariadb/replication/causes";
import { readDurability } from "../../../engine/movers/mariadb/replication/durability";
import { positions, replicationStatus } from "../../../engine/movers/mariadb/replication/status";
import { lastVerification } from "../../../engine/movers/mariadb/verify/record";
import { lookAround } from "../../../engine/operations/inventory";
import { openGate } from "../../../engine/operations/openGate";
import { uploadsOf } from "../../../engine/operations/wikiControls";
import { silent } from "../../../engine/progress";
import type { Server } from "../../../engine/runtime/mariadb/server";
import { type MoveSession, openMoveSession } from "../../../engine/session";
import { type JournalLine, part } from "../../common/status";
import type { MediaWikiConfig } from "../config";
import { lookAtCopy, progressOf } from "./copying";
import { judge } from "./judge";
import {
  type CopyPart,
  type DatabaseState,
  type Following,
  type GatePart,
  lagBoundMs,
  type Status,
  type UploadsPart,
  type VerificationPart,
} from "./types";

const journalLines = 5;

/** A stack and what its config says. */
interface Subject {
  name: string;
  config: MediaWikiConfig;
  spec: MoveSpec;
  secrets: Secrets;
}

/** Asks both sides, all parts at once. Never writes. */
export async function ask({ name, config, spec, secrets }: Subject): Promise<Status> {
  const move = openMoveSession(spec, secrets, silent);
  try {
    const [blue, green, copy, verification, uploads, gate, journal, hosts] = await Promise.all([
      part(() => database(move, "blue")),
      part(() => database(move, "green")),
      part(() => copied(move.green)),
      part(() => verified(move)),
      part(() => carried(move)),
      part(() => routed(move)),
      part(() => happened(move)),
      part(() => lookAround(move)),
    ]);
    return judge({
      stack: name,
      wiki: config.name,
      wanted: { phase: config.phase, active: config.active, canary: config.canary },
      databases: { blue, green },
      copy,
      verification,
      uploads,
      gate,
      journal,
      hosts,
    });
  } finally {
    // A server that hangs does not end its sessions either.
    await Promise.race([move.close(), pause(1_000)]);
  }
}

async function database(move: MoveSession, side: Side): Promise<DatabaseState> {
  const server = move[side];
  const [ours, facts] = await Promise.all([
    hasControlSchema(server),
    server.row<{ version: string; read_only: string | number }>(
      "SELECT @@version AS version, @@GLOBAL.read_only AS read_only",
    ),
  ]);
  const role = await readRole(server);
  const lease = ours ? await readLease(server) : undefined;
  return {
    version: (facts?.version ?? "").replace(/-.*/, ""),
    readOnly: Number(facts?.read_only) !== 0,
    role: role ? { side: role.role, epoch: role.epoch, changedAt: role.changedAt } : null,
    follows: await following(server, move[otherSide(side)]),
    lease:
      lease && lease.leftMs > 0
        ? { holder: lease.holder, purpose: lease.purpose, leftMs: Math.round(lease.leftMs) }
        : null,
  };
}

async function following(replica: Server, source: Server): Promise<Following | null> {
  const status = await replicationStatus(replica);
  if (!status) return null;
  const lag = status.cause ? null : await lagMs(replica, source);
  const rate = status.cause || lag !== null ? undefined : await catchUpNow(replica, source);
  return {
    running: status.io === "yes" && status.sql,
    cause: status.cause ?? "",
    message: status.cause ? describeStop(status) : "",
    appliedGtid: status.appliedGtid,
    lagMs: lag,
    ...(rate ? { catchUp: rate } : {}),
    durability: await readDurability(replica),
  };
}

/** By two looks, a second apart. */
async function catchUpNow(replica: Server, source: Server): Promise<Following["catchUp"]> {
  try {
    const { applied } = await positions(replica);
    const first = await look(replica, source, applied);
    await pause(1_000);
    const rate = catchUpRate([first, await look(replica, source, applied)]);
    if (!rate) return undefined;
    const { behind, appliedPerSecond, writtenPerSecond, leftMs } = rate;
    return { behind, appliedPerSecond, writtenPerSecond, ...(leftMs === undefined ? {} : { leftMs }) };
  } catch {
    // Its source's own part says why it does not answer.
    return undefined;
  }
}

/** Without a heartbeat, which would be a write: how long until the replica has what the source has now. */
async function lagMs(replica: Server, source: Server): Promise<number | null> {
  try {
    const gtid = await source.value("SELECT @@GLOBAL.gtid_binlog_pos");
    const startedAt = performance.now();
    const reached = await replica.value("SELECT MASTER_GTID_WAIT(?, ?)", [gtid ?? "", lagBoundMs / 1000]);
    return reached === "0" ? Math.round(performance.now() - startedAt) : null;
  } catch {
    // The source's own part says why it does not answer.
    return null;
  }
}

async function copied(green: Server): Promise<CopyPart> {
  const state = await copyState(green);
  if (!("gtid" in state)) {
    if (state.state === "none") return { state: state.state };
    const before = await lookAtCopy(green);
    if (!before) return { state: state.state };
    await pause(1_200);
    const now = await lookAtCopy(green);
    return { state: state.state, progress: progressOf(now ?? before, now ? before : undefined) };
  }
  const { gtid, bytes, rows, copyMs } = state;
  return { state: state.state, gtid, bytes, rows, copyMs };
}

async function verified(move: MoveSession): Promise<VerificationPart> {
  const asked = await Promise.allSettled(
    [move.green, move.blue].map(async (server) =>
      (await hasControlSchema(server)) ? lastVerification(server) : undefined,
    ),
  );
  const found = asked.flatMap((answer) =>
    answer.status === "fulfilled" && answer.value ? [answer.value] : [],
  );
  const failed = asked.find((answer) => answer.status === "rejected");
  const last = found.sort((a, b) => a.ageMs - b.ageMs)[0];
  if (!last && failed) throw failed.reason;
  if (!last) return { last: null };
  const { ok, gtid, tables, rows, ageMs, whole, changedRows } = last;
  return { last: { ok, gtid, tables, rows, ageMs: Math.round(ageMs), whole, changedRows } };
}

async function carried(move: MoveSession): Promise<UploadsPart> {
  const uploads = uploadsOf(move);
  const [direction, pass, last, keptBytes] = await Promise.all([
    uploads.direction(),
    uploads.lastPass(),
    uploads.lastComparison(),
    // Blue's own part says why it does not answer.
    uploads.kept().catch(() => null),
  ]);
  const comparison = last ? { told: last.told, agoMs: Math.max(0, Date.now() - last.atMs) } : null;
  if (!pass) return { direction, lastPass: null, stopped: null, comparison, keptBytes };
  const { exitCode, filesSent, sentBytes, passes, endedMs, stderr, held, wouldDelete } = pass;
  const { blue, green } = move.spec;
  const failed = failedFiles(stderr, [blue.files.directory, green.fileSync.directory]);
  return {
    direction,
    lastPass: {
      exitCode,
      filesSent,
      sentBytes,
      passes,
      agoMs: Math.max(0, Date.now() - endedMs),
      ...(exitCode === 0 ? {} : { failedFiles: failed.map(({ path }) => path) }),
    },
    stopped: exitCode === heldCode ? { name: held, wouldDelete, found: stderr.trim() } : null,
    comparison,
    keptBytes,
  };
}

async function routed(move: MoveSession): Promise<GatePart> {
  const gate = openGate(move);
  try {
    const { primary, views, canary, holdMs, held, writes, up } = await gate.state();
    return { primary, views, canary, holdMs, held, inFlight: writes, up };
  } finally {
    gate.close();
  }
}

async function happened(move: MoveSession): Promise<{ last: JournalLine[] }> {
  const asked = await Promise.allSettled(
    [move.blue, move.green].map(async (server) =>
      (await hasControlSchema(server)) ? readJournal(server) : [],
    ),
  );
  const failed = asked.find((answer) => answer.status === "rejected");
  if (failed && asked.every((answer) => answer.status === "rejected")) throw failed.reason;
  const records = asked.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
  const last = records.sort((a, b) => (a.at < b.at ? -1 : 1)).slice(-journalLines);
  return { last: last.map(({ at, side, step, event }) => ({ at, side: side ?? "", step, event })) };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
