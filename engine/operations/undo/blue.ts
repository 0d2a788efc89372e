import { startJobs } from "../../apps/mediawiki/jobs";
import { hasControlSchema } from "../../control/mariadb/schema";
import { messageOf, WikiferryError } from "../../errors";
import { untilRestart } from "../../movers/mariadb/adopt/originals";
import { restart } from "../../movers/mariadb/adopt/restart";
import { admit, open } from "../../movers/mariadb/cutover/access";
import type { MoveSession } from "../../session";
import { briefly, inventory } from "../inventory";
import { schema } from "../inventory/database";
import type { Deposit } from "../inventory/deposit";
import { UndoLease } from "./lease";
import { refuseActiveGreen, standingOf } from "./standing";

export interface UndoWishes {
  /** Whether to restart blue's MariaDB, where that ends what can't be changed at run time. */
  restart: boolean;
  /** Whether to remove the uploads that green replaced or deleted on blue. */
  removeReplaced: boolean;
}

/** What could not be taken back. */
export interface Left {
  what: string;
  where: string;
  why: string;
  byHand: string;
}

export interface UndoneBlue {
  /** What was taken back by this call. */
  taken: string[];
  left: Left[];
  /** Settings that end only with a restart of blue's MariaDB. */
  untilRestart: string[];
  /** What stays because its removal was not requested. */
  kept: string[];
}

/**
 * Blue serves alone again: its database takes writes and follows nobody, its job runners run, and everything that the
 * move put there is gone. Failures are reported and the rest is done. Can be killed at any point and run again.
 * @throws `CTRL_LEASE_HELD`, `CTRL_REFUSED`, `UNDO_GREEN_ACTIVE`, `CTRL_TWO_PRIMARIES` before anything was changed
 */
export async function undoBlue(move: MoveSession, wishes: UndoWishes): Promise<UndoneBlue> {
  const done: UndoneBlue = { taken: [], left: [], untilRestart: [], kept: [] };
  const lease = await takeLease(move, done);
  try {
    // Someone may have flipped since the plan.
    refuseActiveGreen(await standingOf(move), "taking the move back", false);
    await openAgain(move, lease, done);
    done.untilRestart = await untilRestart(move.blue).catch(() => []);
    const deposits = inventory.filter(({ side, take }) => side === "blue" && take !== undefined);
    for (const [at, deposit] of deposits.entries()) {
      // The lease goes with the schema.
      if (deposit === schema) lease?.stopRenewing();
      await takeBack(move, deposit, wishes, done, Math.round((100 * at) / deposits.length));
    }
  } finally {
    await lease?.release().catch(() => {});
  }
  if (wishes.restart && done.untilRestart.length > 0) await restartBlue(move, done);
  return done;
}

/** Undefined where blue's database does not answer; its host may. */
async function takeLease(move: MoveSession, done: UndoneBlue): Promise<UndoLease | undefined> {
  try {
    return await UndoLease.take(move.blue, "undo", move.report);
  } catch (error) {
    if (error instanceof WikiferryError && error.code.startsWith("CTRL_")) throw error;
    const { host } = move.spec.blue.database.ssh;
    done.left.push({
      what: "blue's database",
      where: host,
      why: messageOf(error),
      byHand: "see that it runs and takes writes (SELECT @@read_only), then run this again",
    });
    return undefined;
  }
}

async function openAgain(move: MoveSession, lease: UndoLease | undefined, done: UndoneBlue): Promise<void> {
  const { blue, spec, report } = move;
  if (lease) {
    report({ step: "undo", message: "blue's database takes writes" });
    if (await hasControlSchema(blue)) await open(blue, lease.holder);
    await admit(blue, spec.wiki.appUser);
    if ((await blue.value("SELECT @@GLOBAL.read_only")) !== "0") {
      done.left.push({
        what: "blue's database is read-only",
        where: spec.blue.database.ssh.host,
        why: "it was closed, and not by a record of this move",
        byHand: "SET GLOBAL read_only = 0, unless you want it so",
      });
    }
  }
  report({ step: "undo", message: "blue's job runners and cron run" });
  await startJobs(move, "blue").catch((error: unknown) => {
    const { ssh, jobs } = spec.blue.web;
    done.left.push({
      what: "job runners and cron",
      where: ssh.host,
      why: messageOf(error),
      byHand: jobs.start,
    });
  });
}

async function takeBack(
  move: MoveSession,
  deposit: Deposit,
  wishes: UndoWishes,
  done: UndoneBlue,
  percent: number,
): Promise<void> {
  const where = deposit.where(move.spec);
  const what = `${deposit.name} (${where})`;
  move.report({ step: "undo", message: `looking for ${what}`, percent });
  try {
    if ((await deposit.see(move)) === undefined) return;
    if (deposit.askedFor !== undefined && !wishes.removeReplaced) {
      done.kept.push(`${what}: ${deposit.askedFor} removes it`);
      return;
    }
    await deposit.take?.(move);
    const still = await deposit.see(move);
    if (still === undefined) {
      done.taken.push(what);
      return;
    }
    done.left.push({
      what: deposit.name,
      where,
      why: `still there: ${still}`,
      byHand: deposit.byHand(move.spec),
    });
  } catch (error) {
    const { code, found } = briefly(error);
    done.left.push({
      what: deposit.name,
      where,
      why: `${code}: ${found}`,
      byHand: deposit.byHand(move.spec),
    });
  }
}

const startTimeoutMs = 60_000;

async function restartBlue(move: MoveSession, done: UndoneBlue): Promise<void> {
  const place = move.spec.blue.database;
  move.report({ step: "undo", message: `restarting blue's MariaDB (${place.restart})` });
  const { downtimeMs, output } = await restart(
    move.blue,
    await move.pool.to(place.ssh),
    place.restart,
    startTimeoutMs,
  );
  if (downtimeMs === undefined) {
    done.left.push({
      what: "restart of blue's MariaDB",
      where: place.ssh.host,
      why: `it did not come up within ${startTimeoutMs / 1000} s (${output})`,
      byHand: `see its error log, then ${place.restart}`,
    });
    return;
  }
  done.untilRestart = await untilRestart(move.blue);
  move.report({
    step: "undo",
    message: `blue's MariaDB was away for ${Math.round(downtimeMs)} ms`,
    percent: 100,
  });
}
