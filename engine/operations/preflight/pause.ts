import { type WebTier, webOf } from "../../apps/mediawiki/webTier";
import { readJournal } from "../../control/mariadb/journal";
import { WikiferryError } from "../../errors";
import type { Prediction } from "../../estimate";
import { otherSide, type Side } from "../../move";
import type { FlipResult } from "../../movers/mariadb/cutover/context";
import { pausing } from "../../movers/mariadb/preflight/estimate/constants";
import { slowness, sumOf } from "../../movers/mariadb/preflight/estimate/model";
import { medianMs, probeMs, roundTripMs } from "../../movers/mariadb/preflight/estimate/sample";
import type { Server } from "../../runtime/mariadb/server";
import type { MoveSession } from "../../session";
import { openGate } from "../openGate";
import { uploadsOf } from "../wikiControls";

/** What a preview measured for a flip that is to come, in milliseconds; undefined where nothing answers yet. */
export interface PauseMeasure {
  /** A statement on the side that is left, and on the one that is to serve. */
  fromRoundTripMs: number | undefined;
  toRoundTripMs: number | undefined;
  /** How long MediaWiki on the new side takes to report that it takes edits. */
  webMs: number | undefined;
  /** A command to the gate. */
  gateMs: number | undefined;
  /** The query for the last uploads. */
  filesMs: number | undefined;
  /** How long `speedProbe` takes on the slower of both servers. */
  probeMs: number | undefined;
}

/** Write pauses of earlier flips of this wiki, in milliseconds, the newest last. */
export type PauseHistory = readonly { from: Side; pauseMs: number }[];

/**
 * The write pause of a flip: its steps one after the other, as `engine/movers/mariadb/cutover/steps` has them. The query for
 * the last uploads starts with the fence, comparing the most recent changes with the reversal of the stream; the commit
 * waits for both.
 *
 * For a wiki that has been flipped before, half of the prediction is the mean of its last flips in the same direction,
 * or in either.
 */
export function predictPause(measure: PauseMeasure, from: Side, history: PauseHistory = []): Prediction {
  const { usual } = pausing;
  const here = measure.fromRoundTripMs ?? usual.roundTripMs;
  const there = measure.toRoundTripMs ?? usual.roundTripMs;
  const slow = slowness(measure.probeMs ?? usual.probeMs);
  // Short work that waits for its turn is delayed far less than long work: on a machine seven times as slow, by half as
  // long again.
  const work = (ms: number) => ms * slow ** 0.25;
  const databases = [
    { name: "fence the primary", ms: here + work(pausing.fenceMs) },
    { name: "read the position", ms: here + work(pausing.positionMs) },
    { name: "catch up", ms: Math.max(here, there) + work(pausing.applyMs) },
    { name: "reverse the stream", ms: 2 * here + work(pausing.reverseMs) },
  ];
  const before = databases.reduce((sum, { ms }) => sum + ms, 0);
  const reverse = databases.at(-1)?.ms ?? 0;
  const files = (measure.filesMs ?? usual.filesMs) - before;
  const compared = work(pausing.verifyMs) + there - reverse;
  const modelled = sumOf([
    ...databases,
    { name: "commit: the last uploads and rows", ms: Math.max(0, files, compared) },
    { name: "commit", ms: here + work(pausing.commitMs) },
    { name: "open the new primary", ms: there + work(pausing.openMs) },
    { name: "turn the gate: MediaWiki", ms: (measure.webMs ?? usual.webMs) + work(pausing.answerMs) },
    { name: "turn the gate", ms: measure.gateMs ?? usual.gateMs },
  ]);
  const alike = history.filter((flip) => flip.from === from);
  const known = (alike.length > 0 ? alike : history).slice(-3);
  if (known.length === 0) return modelled;
  const seen = known.reduce((sum, { pauseMs }) => sum + pauseMs, 0) / known.length;
  return sumOf([...modelled.terms, { name: "mean of earlier flips", ms: (seen - modelled.ms) / 2 }]);
}

/**
 * Measures what can be measured, within a second or two for each part. Never writes.
 * @param knownProbeMs How long `speedProbe` takes, where that was just measured.
 */
export async function measurePause(
  move: MoveSession,
  from: Side,
  knownProbeMs?: number,
): Promise<PauseMeasure> {
  const to = otherSide(from);
  const [fromRoundTripMs, toRoundTripMs] = await Promise.all([
    tried(() => tripOf(move[from])),
    tried(() => tripOf(move[to])),
  ]);
  // One after the other: each would be load for the others.
  const webMs = await tried(() => webAnswerMs(move, to));
  const gateMs = await tried(() => gateAnswerMs(move));
  const filesMs = await tried(() => filesQuestionMs(move, from));
  const probeMs = knownProbeMs ?? (await tried(() => slowestProbeMs([move[from], move[to]])));
  return { fromRoundTripMs, toRoundTripMs, webMs, gateMs, filesMs, probeMs };
}

/** The flips on record, oldest first. Never writes. */
export async function pauseHistory({ green }: MoveSession): Promise<PauseHistory> {
  const records = (await tried(() => readJournal(green))) ?? [];
  return records
    .filter(({ step, event }) => step === "cutover" && event === "flipped")
    .map(({ detail }) => detail as unknown as FlipResult)
    .map(({ from, writePauseMs }) => ({ from, pauseMs: writePauseMs }));
}

async function tried<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch {
    // Not there yet: usual values are used instead.
    return undefined;
  }
}

async function tripOf(server: Server): Promise<number> {
  const session = await server.open();
  try {
    return await roundTripMs(session);
  } finally {
    session.destroy();
  }
}

/** Only servers that answer. */
async function slowestProbeMs(servers: readonly Server[]): Promise<number> {
  const opened = await Promise.all(servers.map((server) => tried(() => server.open())));
  const sessions = opened.filter((session) => session !== undefined);
  try {
    return Math.max(...(await probeMs(sessions)));
  } finally {
    for (const session of sessions) session.destroy();
  }
}

async function webAnswerMs(move: MoveSession, side: Side): Promise<number> {
  const web = webOf(move, side);
  try {
    // The first answer comes from a process that has just started; a flip has one that waits.
    await answerOf(web);
    return await medianMs(5, () => answerOf(web));
  } finally {
    web.close();
  }
}

/** One answer, whatever it says about edits: the side that is to serve is still read-only. */
async function answerOf(web: WebTier): Promise<void> {
  try {
    await web.awaitWritable(0);
  } catch (error) {
    if (!(error instanceof WikiferryError) || error.code !== "WEB_READ_ONLY") throw error;
  }
}

async function gateAnswerMs(move: MoveSession): Promise<number> {
  const gate = openGate(move);
  try {
    await gate.state();
    return await medianMs(5, () => gate.state());
  } finally {
    gate.close();
  }
}

async function filesQuestionMs(move: MoveSession, from: Side): Promise<number> {
  const uploads = uploadsOf(move);
  const question = () => uploads.events(from, Date.now() - 300_000);
  await question();
  return await medianMs(5, question);
}
