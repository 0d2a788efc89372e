import { setTimeout as sleep } from "node:timers/promises";
import type { Journal } from "../../../control/mariadb/journal";
import { ensureControlSchema } from "../../../control/mariadb/schema";
import { messageOf, WikiferryError } from "../../../errors";
import type { DatabaseSide, MoveSpec } from "../../../move";
import type { Report } from "../../../progress";
import type { Server } from "../../../runtime/mariadb/server";
import type { SshConnection } from "../../../runtime/ssh/connection";
import { putHostFile } from "../../../runtime/ssh/hostFile";
import { quote } from "../../../runtime/ssh/quote";
import { certificateServes, issueCertificate } from "../tls/certificates";
import {
  type AdoptionChange,
  adoptedDirectory,
  adoptionNeeded,
  dropIn,
  dropInName,
  roleSql,
  type Variables,
} from "./changes";
import { findListening } from "./listening";
import { restart } from "./restart";

/** What adoption touches and what it goes by. */
export type AdoptedPlace = Pick<
  MoveSpec["blue"]["database"],
  "ssh" | "restart" | "configDirectory" | "serverId"
> & { replication: Pick<DatabaseSide["replication"], "host"> };

export interface AdoptOptions {
  /** Whether MariaDB may be restarted, once. */
  allowRestart: boolean;
  /** Minute of the restart, `hh:mm` UTC, today or tomorrow. Defaults to now. */
  restartAt?: string;
  masterSecret: string;
  /** Green's MariaDB as seen from blue. The route to it determines where blue must listen. */
  greenHost: string;
  journal: Journal;
  report: Report;
  /** How long MariaDB may take to start again, in milliseconds. Defaults to 60,000. */
  startTimeoutMs?: number;
}

export interface Adopted {
  /** What this call changed; empty when everything already held. */
  changes: AdoptionChange[];
  restarted: boolean;
  /** How long blue's MariaDB accepted no connection, in milliseconds; 0 without a restart. */
  downtimeMs: number;
}

/** All global variables, names in lower case. Never writes. */
export async function readVariables(server: Server): Promise<Variables> {
  const rows = await server.rows<{ Variable_name: string; Value: string }>("SHOW GLOBAL VARIABLES");
  return Object.fromEntries(rows.map((row) => [row.Variable_name.toLowerCase(), row.Value]));
}

/**
 * Gives blue's MariaDB what replication needs: a drop-in file, certificates, the settings that can be changed at run
 * time, and one restart where one of them can't. A MariaDB that does not start with them gets its old settings back.
 * @throws `ADOPT_EVENTS`; `ADOPT_RESTART_NEEDED` naming each setting, before anything is changed; `ADOPT_FAILED`
 */
export async function adopt(
  blue: Server,
  ssh: SshConnection,
  place: AdoptedPlace,
  options: AdoptOptions,
): Promise<Adopted> {
  const before = await readVariables(blue);
  const listening = await findListening(before, ssh, place, options.greenHost);
  const changes = adoptionNeeded(before, place, listening);
  const restarting = changes.filter((change) => change.restart);
  if (restarting.length > 0 && !options.allowRestart) throw restartNeeded(restarting);

  if (changes.some(({ setting }) => setting === "event_scheduler")) await refuseSleepingEvents(blue);
  await ensureControlSchema(blue);
  const host = place.ssh.host;
  const renewed = await putCertificate(ssh, place, options.masterSecret);
  if (renewed) {
    await options.journal.append({
      step: "adopt",
      side: "blue",
      host,
      event: "wrote certificates",
      detail: { directory: adoptedDirectory },
    });
    // Certificates are read at startup, or by this statement (10.4). It fails where TLS is not on yet.
    if (before.ssl_key === `${adoptedDirectory}/key.pem` && before.have_ssl === "YES")
      await blue.run("FLUSH SSL");
  }
  if (changes.length === 0) return { changes, restarted: false, downtimeMs: 0 };

  const file = `${place.configDirectory}/${dropInName}`;
  await putHostFile(ssh, `${adoptedDirectory}/role.sql`, roleSql, "0644 root:root");
  await putHostFile(ssh, file, dropIn(before, place, listening), "0644 root:root");
  await options.journal.append({
    step: "adopt",
    side: "blue",
    host,
    event: "wrote settings",
    detail: { file, changes: changes.map(({ setting, from, to }) => `${setting}: ${from || "-"} → ${to}`) },
  });
  await checkSettings(ssh, file);

  for (const change of changes) {
    if (change.restart) continue;
    const value = /^\d+$/.test(change.to) ? Number(change.to) : change.to;
    await blue.run("SET GLOBAL ?? = ?", [change.setting, value]);
  }
  if (restarting.length === 0) {
    await untilOldSessionsEnd(blue, changes);
    return { changes, restarted: false, downtimeMs: 0 };
  }

  if (options.restartAt) await waitForMinute(options.restartAt, options.report);
  options.report({ step: "adopt", message: `restarting blue's MariaDB (${place.restart})` });
  const startTimeoutMs = options.startTimeoutMs ?? 60_000;
  const { downtimeMs, output } = await restart(blue, ssh, place.restart, startTimeoutMs);
  if (downtimeMs === undefined) {
    await ssh.run(`rm -f ${quote(file)}`).catch((error: unknown) => {
      throw new WikiferryError(
        "ADOPT_FAILED",
        `blue's MariaDB did not come up within ${startTimeoutMs / 1000} s with ${file} (${output}), and its host no longer answers (${messageOf(error)})`,
        `See whether the host is up; remove ${file} there, or run again`,
        { cause: error },
      );
    });
    const again = await restart(blue, ssh, place.restart, startTimeoutMs);
    throw new WikiferryError(
      "ADOPT_FAILED",
      `blue's MariaDB did not come up within ${startTimeoutMs / 1000} s with ${file} (${output})`,
      again.downtimeMs === undefined
        ? `The file was removed again, and MariaDB still does not run: see its error log on ${host} now`
        : "The file was removed again and MariaDB runs as before. See its error log for the reason",
    );
  }
  await options.journal.append({
    step: "adopt",
    side: "blue",
    host,
    event: "restarted MariaDB",
    detail: { downtimeMs },
  });

  const left = adoptionNeeded(await readVariables(blue), place, listening);
  if (left.length > 0) {
    await ssh.run(`rm -f ${quote(file)}`);
    throw new WikiferryError(
      "ADOPT_FAILED",
      `blue's MariaDB was restarted and still has ${left.map(({ setting, from, to }) => `${setting} = ${from || "-"} instead of ${to}`).join(", ")}`,
      `See that ${place.configDirectory} is the directory that it reads last. ${file} was removed again`,
    );
  }
  options.report({ step: "adopt", message: `blue's MariaDB was away for ${Math.round(downtimeMs)} ms` });
  return { changes, restarted: true, downtimeMs };
}

/** Refuses enabled events that nothing runs now, because adoption would start them. @throws `ADOPT_EVENTS` */
async function refuseSleepingEvents(blue: Server): Promise<void> {
  const events = await blue.rows<{ name: string }>(
    `SELECT CONCAT(event_schema, '.', event_name) AS name FROM information_schema.events
      WHERE status = 'ENABLED' AND event_schema <> 'wikiferry' ORDER BY 1`,
  );
  if (events.length === 0) return;
  throw new WikiferryError(
    "ADOPT_EVENTS",
    `blue's MariaDB runs no events (event_scheduler is off), and ${events.map(({ name }) => name).join(", ")} would begin to run when it does`,
    "Nothing was changed. ALTER EVENT … DISABLE those that should not run, or SET GLOBAL event_scheduler = ON if they should; then run again",
  );
}

/** The refusal of a restart that is not allowed, naming each setting with its reason. */
export function restartNeeded(changes: readonly AdoptionChange[]): WikiferryError {
  return new WikiferryError(
    "ADOPT_RESTART_NEEDED",
    `blue's MariaDB must be restarted for ${changes.map(({ setting, to, reason }) => `${setting} = ${to} (${reason})`).join("; ")}`,
    "Set adopt.allowRestart to true, and adopt.restartAt to a quiet minute (hh:mm UTC) if now is none; it takes a few seconds",
  );
}

/** The next moment that is `hh:mm` UTC, from `now` on. @throws `ADOPT_RESTART_AT` */
export function nextMinute(restartAt: string, now: Date): Date {
  const match = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(restartAt);
  if (!match) {
    throw new WikiferryError(
      "ADOPT_RESTART_AT",
      `adopt.restartAt is "${restartAt}", wanted hh:mm`,
      "Set it to a minute of the day in UTC, such as 03:30, or leave it out",
    );
  }
  const moment = new Date(now);
  moment.setUTCHours(Number(match[1]), Number(match[2]), 0, 0);
  // The current minute still counts as now.
  if (now.getTime() - moment.getTime() >= 60_000) moment.setUTCDate(moment.getUTCDate() + 1);
  return moment < now ? now : moment;
}

async function waitForMinute(restartAt: string, report: Report): Promise<void> {
  const moment = nextMinute(restartAt, new Date());
  for (let leftMs = moment.getTime() - Date.now(); leftMs > 0; leftMs = moment.getTime() - Date.now()) {
    report({
      step: "adopt",
      message: `blue's MariaDB is restarted in ${Math.ceil(leftMs / 1000)} s, at ${restartAt} UTC`,
    });
    await sleep(Math.min(leftMs, 10_000));
  }
}

async function putCertificate(
  ssh: SshConnection,
  place: Pick<AdoptedPlace, "replication">,
  masterSecret: string,
): Promise<boolean> {
  const read = async (name: string) => (await ssh.exec(`cat ${adoptedDirectory}/${name}`)).stdout;
  const names = [place.replication.host];
  const present = { ca: await read("ca.pem"), cert: await read("cert.pem") };
  const keyIsThere = (await ssh.exec(`test -s ${adoptedDirectory}/key.pem`)).exitCode === 0;
  if (keyIsThere && certificateServes(present, masterSecret, names, new Date())) return false;
  const issued = await issueCertificate(masterSecret, "blue", names, new Date());
  await ssh.run(`install -d -m 0755 ${adoptedDirectory}`);
  await putHostFile(ssh, `${adoptedDirectory}/ca.pem`, issued.ca, "0644 root:root");
  await putHostFile(ssh, `${adoptedDirectory}/cert.pem`, issued.cert, "0644 root:root");
  await putHostFile(ssh, `${adoptedDirectory}/key.pem`, issued.key, "0600 mysql:mysql");
  return true;
}

/** Lets MariaDB read its configuration without starting, so a file that it does not understand costs no downtime. */
async function checkSettings(ssh: SshConnection, file: string): Promise<void> {
  const checked = await ssh.exec(
    "server=$(command -v mariadbd || command -v mysqld || echo /usr/sbin/mariadbd); $server --help --verbose >/dev/null",
  );
  if (checked.exitCode === 0) return;
  await ssh.run(`rm -f ${quote(file)}`);
  throw new WikiferryError(
    "ADOPT_FAILED",
    `blue's MariaDB does not understand its settings (${lastErrors(checked.stderr)})`,
    `Correct its configuration. ${file} was removed again and nothing was restarted`,
  );
}

function lastErrors(text: string): string {
  const errors = text.split("\n").filter((line) => /\[ERROR\]|unknown/i.test(line));
  return (errors.length > 0 ? errors : text.trim().split("\n")).slice(-3).join("; ").trim();
}

/**
 * Sessions keep the row format that they started with, so this waits until those older than the change have ended.
 * @throws `ADOPT_OLD_SESSIONS` naming them
 */
async function untilOldSessionsEnd(
  blue: Server,
  changes: readonly AdoptionChange[],
  timeoutMs = 60_000,
): Promise<void> {
  if (!changes.some(({ setting }) => setting === "binlog_format" || setting === "binlog_row_image")) return;
  await blue.close();
  const borderline = Number(await blue.value("SELECT CONNECTION_ID()"));
  const end = performance.now() + timeoutMs;
  for (;;) {
    const old = await blue.rows<{ ID: string; USER: string; HOST: string }>(
      `SELECT ID, USER, HOST FROM information_schema.processlist
        WHERE ID < ? AND USER NOT IN ('system user', 'event_scheduler') AND COMMAND NOT IN ('Binlog Dump', 'Daemon', 'Slave_IO', 'Slave_SQL')`,
      [borderline],
    );
    if (old.length === 0) return;
    if (performance.now() > end) {
      throw new WikiferryError(
        "ADOPT_OLD_SESSIONS",
        `sessions of ${[...new Set(old.map((row) => row.USER))].join(", ")} on blue are older than binlog_format = ROW and would go on logging statements`,
        "End them (KILL) or restart what holds them open, then run again",
      );
    }
    await sleep(500);
  }
}
