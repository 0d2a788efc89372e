import { asked, block, type Finding, findingOf, pass, warn } from "../../../finding";
import type { MoveSpec, Side } from "../../../move";
import { wholeRights } from "../../../runtime/mariadb/refusal";
import type { Server } from "../../../runtime/mariadb/server";
import { accountsOf, accountsPastReadOnly } from "../accounts/accounts";
import { readVariables, restartNeeded } from "../adopt/adopt";
import { type AdoptionChange, adoptionNeeded, type Listening, type Variables } from "../adopt/changes";
import { exposureFinding } from "../adopt/exposed";
import { foreignDatabases, greenNotEmpty } from "../copy/copy";
import { neighboursFinding, ownSchemas, readNeighbours } from "../neighbours";
import { roomFinding } from "./guardrails/control";
import { primaryKeyFinding, readTables, storageEngineFinding } from "./tables";
import { versionFinding } from "./version";

export interface PreflightQuestion {
  blue: Server;
  /** Undefined while its server does not exist yet. */
  green: Server | undefined;
  spec: MoveSpec;
  /** Whether blue's MariaDB may be restarted. */
  allowRestart: boolean;
  /** Whether a restart would be due now (phase `sync` or later). Before that it is only announced. */
  adopting: boolean;
  /** Free space where a side's MariaDB keeps its data, or will, in bytes. */
  freeBytes(side: Side): Promise<number>;
  /** Where blue must listen, according to `findListening`. */
  listening(variables: Variables): Promise<Listening | undefined>;
}

/**
 * Everything that stands in the way of moving the database: each guardrail as pass, warn or block. Never writes. A
 * server that can't be reached is itself a finding, and checks that would need it are skipped.
 */
export async function mariadbPreflight(question: PreflightQuestion): Promise<Finding[]> {
  const { blue, green, spec } = question;
  const unreachable: Finding[] = [];
  const reach = async (server: Server) => {
    try {
      return await server.value("SELECT VERSION()");
    } catch (error) {
      unreachable.push(findingOf(error));
      return undefined;
    }
  };
  const blueVersion = await reach(blue);
  const greenVersion = green && (await reach(green));
  const findings = [...unreachable];

  if (green && greenVersion) findings.push(await greenEmptyFinding(green, spec.wiki.name));
  if (!blueVersion) return findings;
  const version = versionFinding(blueVersion, greenVersion);
  findings.push(version);
  // The checks below rely on tables and statements that other servers may not have.
  if (version.severity === "block") return findings;

  const { database, tablePrefix, appUser } = spec.wiki;
  if (
    (await blue.value("SELECT 1 FROM information_schema.schemata WHERE schema_name = ?", [database])) ===
    undefined
  ) {
    findings.push(await databaseMissing(blue, database));
    return findings;
  }
  const tables = await readTables(blue, database);
  const variables = await readVariables(blue);
  const copied = greenVersion !== undefined && (await hasCopy(green, database));
  findings.push(
    tablesFinding(
      tables.map((table) => table.name),
      database,
      tablePrefix,
    ),
    storageEngineFinding(tables, tablePrefix),
    primaryKeyFinding(tables, tablePrefix),
    await definersFinding(blue, database, appUser),
    await applicationFinding(blue, appUser),
    adoptionFinding(
      adoptionNeeded(variables, spec.blue.database, await question.listening(variables)),
      question,
    ),
    await asked(async () =>
      diskSpaceFinding(await dataBytes(blue, database), await question.freeBytes("green"), copied),
    ),
  );
  const exposure = await exposureFinding(blue, variables);
  if (exposure) findings.push(exposure);
  // Once there is a copy, a flip's guardrails check the same, and a run without a flip is not refused for it.
  if (!copied)
    findings.push(
      await asked(async () => roomFinding([{ side: "blue", bytes: await question.freeBytes("blue") }])),
      neighboursFinding(await readNeighbours(blue, database)),
    );
  return findings;
}

async function greenEmptyFinding(green: Server, wiki: string): Promise<Finding> {
  const foreign = await foreignDatabases(green, wiki);
  return foreign.length > 0
    ? findingOf(greenNotEmpty(foreign))
    : pass("GREEN_NOT_EMPTY", "green's MariaDB is empty or belongs to this move");
}

async function databaseMissing(blue: Server, database: string): Promise<Finding> {
  // An account without the privilege to see a database gets the answer that it does not exist.
  const grants = await blue.rows<Record<string, string>>("SHOW GRANTS");
  if (!grants.some((grant) => /^GRANT ALL PRIVILEGES ON \*\.\* TO /.test(Object.values(grant)[0] ?? "")))
    return block(
      "DB_ACCESS_DENIED",
      `blue's ${blue.place.adminUser} sees no database ${database}, and lacks some privileges`,
      wholeRights,
    );
  const others = await blue.rows<{ name: string }>(
    "SELECT schema_name AS name FROM information_schema.schemata WHERE schema_name NOT IN (?)",
    [ownSchemas],
  );
  return block(
    "DB_MISSING",
    `blue has no database ${database}, but ${others.map((row) => row.name).join(", ") || "none at all"}`,
    "Set wiki.database to $wgDBname of LocalSettings.php",
  );
}

/** A wiki has a `page` table. A wrong prefix shows here, before it causes another failure. */
export function tablesFinding(names: readonly string[], database: string, tablePrefix: string): Finding {
  if (names.includes(`${tablePrefix}page`)) return pass("DB_MISSING", `${database} holds a wiki`);
  return block(
    "DB_MISSING",
    `${database} has no table ${tablePrefix}page`,
    "Set wiki.database and wiki.tablePrefix to $wgDBname and $wgDBprefix of LocalSettings.php",
  );
}

/** Views, triggers, routines and events run as their definer, who must exist on green too. The wiki's account does. */
async function definersFinding(blue: Server, database: string, appUser: string): Promise<Finding> {
  const rows = await blue.rows<{ kind: string; name: string; definer: string }>(
    `SELECT 'view' AS kind, table_name AS name, definer FROM information_schema.views WHERE table_schema = ?
     UNION ALL SELECT 'trigger', trigger_name, definer FROM information_schema.triggers WHERE trigger_schema = ?
     UNION ALL SELECT LOWER(routine_type), routine_name, definer FROM information_schema.routines WHERE routine_schema = ?
     UNION ALL SELECT 'event', event_name, definer FROM information_schema.events WHERE event_schema = ?`,
    [database, database, database, database],
  );
  const others = rows.filter((row) => row.definer.slice(0, row.definer.lastIndexOf("@")) !== appUser);
  const events = rows.filter((row) => row.kind === "event");
  if (others.length === 0 && events.length === 0) {
    return pass("SCHEMA_DEFINERS", "no view, trigger, routine or event needs another account on green");
  }
  return warn(
    "SCHEMA_DEFINERS",
    [
      ...others.map((row) => `${row.kind} ${row.name} runs as ${row.definer}`),
      ...events.map((row) => `event ${row.name} stays disabled on green`),
    ].join(", "),
    "Make those accounts on both sides before the flip, or give what runs as them another definer; enable events by hand after the flip (ALTER EVENT … ENABLE)",
  );
}

async function applicationFinding(blue: Server, appUser: string): Promise<Finding> {
  const accounts = await accountsOf(blue, appUser);
  if (accounts.length === 0) {
    return block(
      "APP_ACCOUNT",
      `blue's MariaDB has no account ${appUser}`,
      "Set wiki.appUser to $wgDBuser of LocalSettings.php",
    );
  }
  const past = await accountsPastReadOnly(blue);
  const both = accounts.find((account) =>
    past.some((other) => other.user === account.user && other.host === account.host),
  );
  if (both) {
    return block(
      "RIGHTS_READ_ONLY_ADMIN",
      `${both.user}@${both.host} on blue may write past read_only`,
      `Take SUPER and READ_ONLY ADMIN from it: GRANT it what the wiki needs on its own database, then REVOKE the rest. The fence would not hold it`,
    );
  }
  return pass(
    "APP_ACCOUNT",
    `${accounts.map((account) => `${account.user}@${account.host}`).join(", ")} can be fenced`,
  );
}

/** What adoption would change, or the refusal where a restart is due and not allowed. */
export function adoptionFinding(
  changes: readonly AdoptionChange[],
  { allowRestart, adopting }: Pick<PreflightQuestion, "allowRestart" | "adopting">,
): Finding {
  const restarting = changes.filter((change) => change.restart);
  if (changes.length === 0) return pass("ADOPT_RESTART_NEEDED", "blue's MariaDB can be followed as it is");
  // The move sets these itself and gives them back.
  if (restarting.length === 0)
    return pass("ADOPT_SETTINGS", `blue's MariaDB gets at run time: ${changes.map(describe).join("; ")}`);
  if (adopting && !allowRestart) return findingOf(restartNeeded(restarting));
  return warn(
    "ADOPT_RESTART_NEEDED",
    `blue's MariaDB gets ${changes.map(describe).join("; ")}`,
    allowRestart
      ? "Phase prepare restarts it once, for a few seconds, at adopt.restartAt"
      : "Phase sync needs one restart of a few seconds: set adopt.allowRestart to true, and adopt.restartAt to a quiet minute",
  );
}

function describe({ setting, from, to, reason, cost }: AdoptionChange): string {
  return `${setting} = ${to} instead of ${from || "nothing"} (${reason}; costs: ${cost})`;
}

async function hasCopy(green: Server | undefined, database: string): Promise<boolean> {
  const found = await green?.value("SELECT 1 FROM information_schema.tables WHERE table_schema = ? LIMIT 1", [
    database,
  ]);
  return found !== undefined;
}

async function dataBytes(blue: Server, database: string): Promise<number> {
  const bytes = await blue.value(
    "SELECT SUM(data_length + index_length) FROM information_schema.tables WHERE table_schema = ?",
    [database],
  );
  return Number(bytes ?? 0);
}

const mebibyte = 1024 * 1024;
/** Redo log, system tables, temporary tables, in bytes. */
const baseBytes = 512 * mebibyte;

/**
 * Space for one and a half times the data: a freshly loaded table may be larger than the old one, and the binary log
 * grows with the edits. An existing copy needs no more space.
 */
export function diskSpaceFinding(dataBytes: number, freeBytes: number, copied: boolean): Finding {
  const neededBytes = copied ? baseBytes : Math.ceil(dataBytes * 1.5) + baseBytes;
  const inMebibytes = (bytes: number) => `${Math.round(bytes / mebibyte)} MiB`;
  const found = `green has ${inMebibytes(freeBytes)} free, ${inMebibytes(neededBytes)} needed for ${inMebibytes(dataBytes)} of data`;
  return freeBytes >= neededBytes
    ? pass("DISK_SPACE", found)
    : block("DISK_SPACE", found, "Give green's host a larger disk, or free some space on it");
}
