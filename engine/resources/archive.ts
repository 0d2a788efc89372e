import { pipeline } from "node:stream/promises";
import { journalOn } from "../control/mariadb/openJournal";
import { readRoles } from "../control/mariadb/primary";
import { refuseTwoPrimaries } from "../control/primary";
import { messageOf, WikiferryError } from "../errors";
import type { MoveSpec } from "../move";
import { accountsLocked, lockAccounts } from "../movers/mariadb/accounts/accounts";
import { DumpMeter, startDump } from "../movers/mariadb/copy/dump";
import { leftRetired, takeBackRetired } from "../operations/inventory";
import { execInContainer, runInContainer } from "../runtime/docker/exec";
import { type MoveSession, openMoveSession } from "../session";
import { container, databaseAccess, pick } from "../slice";
import type { ResourceHandler } from "./handler";

const slice = (spec: MoveSpec) => ({
  wiki: pick(spec.wiki, "name", "database", "appUser"),
  blue: {
    database: pick(spec.blue.database, "side", "admin", "adminUser", "ssh", "configDirectory"),
    files: pick(spec.blue.files, "ssh", "directory"),
  },
  green: {
    database: { ...databaseAccess(spec).green.database, ...container(spec.green.database) },
    fileSync: container(spec.green.fileSync),
  },
});

type Session = MoveSession<ReturnType<typeof slice>>;

interface Outputs {
  /** Path in file-sync's volume. */
  file: string;
  /** Blue's last transaction. */
  gtid: string;
  /** Size of the dump before compression. */
  dumpBytes: number;
  /** What is still on blue or green and no longer needed. */
  left: string[];
}

const directory = "/state/archive";

async function keep(session: Session, file: string): Promise<Omit<Outputs, "left">> {
  const { spec, secrets, pool, blue, report } = session;
  const fileSync = spec.green.fileSync;
  // Blue stays as it is, closed: its role record keeps it read-only, and no wiki can log in there by mistake.
  await lockAccounts(blue, spec.wiki.appUser);
  const gtid = (await blue.value("SELECT @@GLOBAL.gtid_binlog_pos")) ?? "";
  report({ step: "archive", message: `keeping blue's database as of ${gtid} in ${file}` });
  const ssh = await pool.to(spec.blue.database.ssh);
  const dump = await startDump(ssh, spec.blue.database, secrets.blueAdminPassword, spec.wiki.database);
  const meter = new DumpMeter();
  const command = ["sh", "-c", `mkdir -p -m 0700 ${directory} && umask 077 && zstd -q -f -o '${file}.part'`];
  const [kept] = await Promise.all([
    execInContainer(fileSync, command, pool, { stdin: meter }),
    pipeline(dump.channel, meter).then(() => dump.succeeded()),
  ]);
  if (kept.exitCode !== 0 || !meter.complete) {
    throw new WikiferryError(
      "ARCHIVE_FAILED",
      `blue's database could not be kept in ${file} (${kept.stderr.trim().slice(-300) || "the dump is not complete"})`,
      "See that green's disk is not full, then run again. Blue is unchanged",
    );
  }
  await runInContainer(
    fileSync,
    ["sh", "-c", `zstd -q -t '${file}.part' && mv '${file}.part' '${file}'`],
    pool,
  );
  await journalOn(session.green).append({
    step: "archive",
    side: "blue",
    host: spec.blue.database.ssh.host,
    event: "kept its last state",
    detail: { file, gtid, dumpBytes: meter.bytes },
  });
  return { file, gtid, dumpBytes: meter.bytes };
}

/** Keeps blue's last state, then takes back what blue no longer needs. */
async function bringAbout(session: Session, before?: Outputs): Promise<Outputs> {
  refuseTwoPrimaries(await readRoles(session));
  const file = before?.file ?? `${directory}/${session.spec.wiki.name}-blue.sql.zst`;
  const whole = before !== undefined && (await isThere(session, file));
  const { gtid, dumpBytes } = whole ? before : await keep(session, file);
  await takeBack(session, whole);
  return { file, gtid, dumpBytes, left: [] };
}

/** @param mayBeOff Whether blue, already archived, may be switched off by now. */
async function takeBack(session: Session, mayBeOff: boolean): Promise<void> {
  let taken: string[];
  try {
    taken = await takeBackRetired(session);
  } catch (error) {
    if (!mayBeOff) throw error;
    session.report({ step: "archive", message: `blue is left as it is: ${messageOf(error)}` });
    return;
  }
  if (taken.length === 0) return;
  session.report({ step: "archive", message: `taken back: ${taken.join(", ")}` });
  await journalOn(session.green).append({
    step: "archive",
    side: "blue",
    host: session.spec.blue.database.ssh.host,
    event: "took back what is no longer needed",
    detail: { taken },
  });
}

async function isThere({ spec, pool }: Session, file: string): Promise<boolean> {
  return (await execInContainer(spec.green.fileSync, ["test", "-s", file], pool)).exitCode === 0;
}

/** Blue's last state, kept as a compressed dump in file-sync's volume. Blue itself stays closed and complete. */
export const handler: ResourceHandler<Session, object, Outputs> = {
  slice,
  open: openMoveSession,
  create: (session) => bringAbout(session),
  update: (session, _inputs, before) => bringAbout(session, before),
  async read(session, { file, gtid, dumpBytes }) {
    // A blue that is switched off by now is closed enough.
    const locked = await accountsLocked(session.blue, session.spec.wiki.appUser).catch(() => true);
    if (!locked || !(await isThere(session, file))) return undefined;
    const left = (await leftRetired(session)).map(({ name, where }) => `${name} (${where})`);
    return { file, gtid, dumpBytes, left };
  },
  async remove() {},
  stillHolds: (_inputs, { left }) => (left ?? []).length === 0,
};
