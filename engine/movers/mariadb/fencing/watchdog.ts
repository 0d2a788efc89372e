import { setTimeout as sleep } from "node:timers/promises";
import { makeTable } from "../../../control/mariadb/diskReserve";
import { WikiferryError } from "../../../errors";
import type { Side } from "../../../move";
import { otherSide } from "../../../move";
import type { Report } from "../../../progress";
import type { Server, Session } from "../../../runtime/mariadb/server";
import { type AccessSwitch, eventStatement } from "./statements";

/*
 * The dead man's switch: an event in each database that opens or closes it by its own rows. If a flip's tool dies, the
 * wiki has a primary again at the latest one second after the lease has ended.
 */

/** Its state on one server. */
export interface Watchdog {
  installed: boolean;
  /** Whether events run there at all. */
  schedulerOn: boolean;
  /** Age of its last run, in milliseconds by the server's clock; undefined before the first. */
  lastTickMs: number | undefined;
}

/** Never writes. */
export async function readWatchdog(server: Server): Promise<Watchdog> {
  const seen = await server.row(
    `SELECT @@GLOBAL.event_scheduler AS scheduler, (SELECT status FROM information_schema.events
       WHERE event_schema = 'wikiferry' AND event_name = 'rule') AS event`,
  );
  const schedulerOn = seen?.scheduler === "ON";
  if (typeof seen?.event !== "string") return { installed: false, schedulerOn, lastTickMs: undefined };
  const age = await server.value(
    "SELECT TIMESTAMPDIFF(MICROSECOND, ticked_at, UTC_TIMESTAMP(6)) FROM wikiferry.watch WHERE id = 1",
  );
  return {
    installed: seen.event === "ENABLED",
    schedulerOn,
    lastTickMs: age === undefined ? undefined : Number(age) / 1000,
  };
}

/**
 * Arms it. The event is local to the server: neither the stream nor the copy carries it over. Arming it again replaces
 * it.
 */
export async function armWatchdog(server: Server): Promise<void> {
  const session = await server.sessionWithoutBinlog();
  if ((await session.value("SELECT @@GLOBAL.event_scheduler")) !== "ON")
    await session.run("SET GLOBAL event_scheduler = ON");
  await session.run(eventStatement(server.side));
}

/** It runs every second. After this many milliseconds without a run it counts as asleep. */
const silentMs = 5_000;
/** How long an armed event may take until its first run, in milliseconds. */
const wakingMs = 3_000;

/** A run ahead of the server's clock does not count: the clock has been set back since. */
export function isAwake({ installed, lastTickMs }: Watchdog): boolean {
  return installed && lastTickMs !== undefined && Math.abs(lastTickMs) < silentMs;
}

/**
 * Re-arms an event that is armed but asleep. The server schedules each run by its clock, so after the clock was set
 * back the next run may be hours away.
 * @returns whether it was asleep
 */
export async function rearmWatchdog(server: Server): Promise<boolean> {
  const before = await readWatchdog(server);
  if (!before.installed || !before.schedulerOn || isAwake(before)) return false;
  await armWatchdog(server);
  const end = performance.now() + wakingMs;
  while (!isAwake(await readWatchdog(server)) && performance.now() < end) await sleep(100);
  return true;
}

export async function disarmWatchdog(server: Server): Promise<void> {
  await (await server.sessionWithoutBinlog()).run("DROP EVENT IF EXISTS wikiferry.rule");
}

/** A schema in which the same event opens and closes a substitute, so that no user notices. */
const probe: AccessSwitch = {
  schema: "wikiferry_probe",
  closed: "(SELECT closed FROM wikiferry_probe.door)",
  close: "UPDATE wikiferry_probe.door SET closed = 1",
  open: "UPDATE wikiferry_probe.door SET closed = 0",
};

/** How long the event may take for what it does every second, in milliseconds. */
const patienceMs = 10_000;

/**
 * Tests the switch on a live server: its event runs on schedule with its privileges, leaves a fenced server closed,
 * opens it once the lease has ended, and closes it for good once the record names the other side. Takes about 5 s.
 * @throws `CTRL_DEAD_MAN` saying what it did not do; `CTRL_DISK_SPACE`
 */
export async function exerciseWatchdog(server: Server, report: Report): Promise<void> {
  const session = await server.sessionWithoutBinlog();
  const me = server.side;
  report({ step: "dead man's switch", message: `trying it on ${me}, in a schema of its own` });
  await session.run("DROP DATABASE IF EXISTS wikiferry_probe");
  try {
    await session.run("CREATE DATABASE wikiferry_probe");
    for (const table of ["role", "lease", "watch"])
      await makeTable(session, "CREATE TABLE wikiferry_probe.?? LIKE wikiferry.??", [table, table]);
    await makeTable(session, "CREATE TABLE wikiferry_probe.door (closed BOOLEAN NOT NULL) ENGINE = InnoDB");
    await session.run("INSERT INTO wikiferry_probe.door VALUES (1)");
    await session.run("INSERT INTO wikiferry_probe.watch VALUES (1, UTC_TIMESTAMP(6))");
    await session.run("INSERT INTO wikiferry_probe.role VALUES (1, ?, 0, 'probe', UTC_TIMESTAMP(6))", [me]);
    await session.run(
      `INSERT INTO wikiferry_probe.lease
       VALUES (1, 'probe', 'a flip that died', 1, UTC_TIMESTAMP(6), UTC_TIMESTAMP(6) + INTERVAL 2500000 MICROSECOND)`,
    );
    await session.run(eventStatement(me, probe));
    await see(
      session,
      me,
      "SELECT ticked_at > (SELECT acquired_at FROM wikiferry_probe.lease) FROM wikiferry_probe.watch",
      "run",
    );
    const early = await session.row<{ closed: string; left: string }>(
      "SELECT closed, (SELECT expires_at > UTC_TIMESTAMP(6) FROM wikiferry_probe.lease) AS `left` FROM wikiferry_probe.door",
    );
    if (Number(early?.left) === 1 && Number(early?.closed) === 0)
      throw notDone(me, "keep a fenced server closed");
    await see(
      session,
      me,
      "SELECT closed = 0 FROM wikiferry_probe.door",
      "open a server whose fence had ended",
    );
    await session.run("UPDATE wikiferry_probe.role SET role = ?, epoch = 1", [otherSide(me)]);
    await see(
      session,
      me,
      "SELECT closed = 1 FROM wikiferry_probe.door",
      "close a server that was no longer the primary",
    );
  } finally {
    await session.run("DROP DATABASE IF EXISTS wikiferry_probe");
  }
}

async function see(session: Session, me: Side, question: string, what: string): Promise<void> {
  const end = performance.now() + patienceMs;
  while ((await session.value(question)) !== "1") {
    if (performance.now() > end) throw notDone(me, what);
    await sleep(100);
  }
}

function notDone(me: Side, what: string): WikiferryError {
  return new WikiferryError(
    "CTRL_DEAD_MAN",
    `the event on ${me} did not ${what} within ${patienceMs / 1000} s`,
    `See the error log of ${me}'s MariaDB, and that event_scheduler is ON; a flip would have no dead man's switch`,
  );
}
