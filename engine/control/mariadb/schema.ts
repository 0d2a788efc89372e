import type { Server } from "../../runtime/mariadb/server";
import { makeTable } from "./diskReserve";

/** Tables of the schema `wikiferry`, in the order of their creation. */
export const controlTables = [
  "role",
  "heartbeat",
  "lease",
  "watch",
  "checkpoint",
  "copy_range",
  "verification",
  "journal",
] as const;

/**
 * `role` and `heartbeat` hold one row that exists on both servers from the start and is only ever updated, so its
 * updates, which are the only logged changes in this schema, find their row on the other side. All other tables are
 * each server's own and are written without the binary log.
 */
const statements = [
  "CREATE DATABASE IF NOT EXISTS wikiferry CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
  `CREATE TABLE IF NOT EXISTS wikiferry.role (
     id TINYINT UNSIGNED NOT NULL PRIMARY KEY,
     role ENUM('blue', 'green') NOT NULL,
     epoch BIGINT UNSIGNED NOT NULL,
     wiki VARCHAR(64) NOT NULL,
     changed_at DATETIME(6) NOT NULL
   ) ENGINE = InnoDB`,
  `CREATE TABLE IF NOT EXISTS wikiferry.heartbeat (
     id TINYINT UNSIGNED NOT NULL PRIMARY KEY,
     side ENUM('blue', 'green') NOT NULL,
     beat BIGINT UNSIGNED NOT NULL,
     beat_at DATETIME(6) NOT NULL
   ) ENGINE = InnoDB`,
  "INSERT IGNORE INTO wikiferry.heartbeat VALUES (1, 'blue', 0, UTC_TIMESTAMP(6))",
  `CREATE TABLE IF NOT EXISTS wikiferry.lease (
     id TINYINT UNSIGNED NOT NULL PRIMARY KEY,
     holder VARCHAR(190) NOT NULL,
     purpose VARCHAR(190) NOT NULL,
     epoch BIGINT UNSIGNED NOT NULL,
     acquired_at DATETIME(6) NOT NULL,
     expires_at DATETIME(6) NOT NULL
   ) ENGINE = InnoDB`,
  `CREATE TABLE IF NOT EXISTS wikiferry.watch (
     id TINYINT UNSIGNED NOT NULL PRIMARY KEY,
     ticked_at DATETIME(6) NOT NULL
   ) ENGINE = InnoDB`,
  "INSERT IGNORE INTO wikiferry.watch VALUES (1, '2000-01-01')",
  `CREATE TABLE IF NOT EXISTS wikiferry.checkpoint (
     name VARCHAR(64) NOT NULL PRIMARY KEY,
     state VARCHAR(32) NOT NULL,
     gtid TEXT NOT NULL DEFAULT '',
     detail LONGTEXT NOT NULL DEFAULT '{}' CHECK (JSON_VALID(detail)),
     updated_at DATETIME(6) NOT NULL
   ) ENGINE = InnoDB`,
  `CREATE TABLE IF NOT EXISTS wikiferry.copy_range (
     id INT UNSIGNED NOT NULL PRIMARY KEY,
     table_name VARCHAR(64) NOT NULL,
     bounds TEXT NOT NULL CHECK (JSON_VALID(bounds)),
     after_key MEDIUMTEXT CHECK (JSON_VALID(after_key)),
     done BOOLEAN NOT NULL DEFAULT FALSE,
     first_snapshot SMALLINT UNSIGNED,
     last_snapshot SMALLINT UNSIGNED,
     copied_rows BIGINT UNSIGNED NOT NULL DEFAULT 0,
     copied_bytes BIGINT UNSIGNED NOT NULL DEFAULT 0
   ) ENGINE = InnoDB`,
  `CREATE TABLE IF NOT EXISTS wikiferry.verification (
     id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
     gtid TEXT NOT NULL,
     ok BOOLEAN NOT NULL,
     started_at DATETIME(6) NOT NULL,
     finished_at DATETIME(6) NOT NULL,
     detail LONGTEXT NOT NULL DEFAULT '{}' CHECK (JSON_VALID(detail))
   ) ENGINE = InnoDB`,
  `CREATE TABLE IF NOT EXISTS wikiferry.journal (
     id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
     at DATETIME(6) NOT NULL,
     step VARCHAR(64) NOT NULL,
     side VARCHAR(8) NOT NULL,
     host VARCHAR(190) NOT NULL,
     event VARCHAR(190) NOT NULL,
     detail LONGTEXT NOT NULL DEFAULT '{}' CHECK (JSON_VALID(detail))
   ) ENGINE = InnoDB`,
];

/**
 * All times in the schema are UTC of the server that wrote them. Never logged, on either side.
 * @throws `CTRL_DISK_SPACE`
 */
export async function ensureControlSchema(server: Server): Promise<void> {
  if (await hasControlSchema(server)) return;
  const session = await server.sessionWithoutBinlog();
  for (const statement of statements) {
    if (statement.startsWith("CREATE TABLE")) await makeTable(session, statement);
    else await session.run(statement);
  }
}

/** Whether every table of the schema exists. Never writes. */
export async function hasControlSchema(server: Server): Promise<boolean> {
  const found = await server.value(
    "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'wikiferry' AND table_name IN (?)",
    [controlTables],
  );
  return Number(found) === controlTables.length;
}
