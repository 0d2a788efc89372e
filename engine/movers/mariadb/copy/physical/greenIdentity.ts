import { format } from "mysql2";
import { controlTables } from "../../../../control/mariadb/schema";
import type { JournalRecord } from "../../../../control/store";
import { nativePasswordHash } from "../../accounts/accounts";
import { parseGtid } from "../../replication/gtid";
import type { CopyResult } from "../state";

/** What green keeps of its own when its data are blue's. */
export interface GreenIdentity {
  /** Password of `wikiferry`, the administrative account. */
  adminPassword: string;
  /** MediaWiki's accounts on green: host and row of mysql.global_priv. */
  app: { user: string; database: string; accounts: readonly { host: string; priv: string }[] };
  result: CopyResult;
  /** Green's journal up to now. */
  journal: JournalRecord[];
}

/** Rows of these are the same on both sides. Other tables are each server's own. */
const shared: readonly string[] = ["role", "heartbeat", "watch"];

/**
 * Statements that turn a copy of blue's files into green's data, for `mariadbd --bootstrap`, one per line: green's
 * accounts beside blue's, no event that would run, the position to follow from, and a finished copy's checkpoint.
 * Blue's own rule must be removed before any server runs on the data, or it would open green as if it were blue.
 */
export function identityStatements({ adminPassword, app, result, journal }: GreenIdentity): string {
  const sql = (text: string, values: (string | number)[] = []) => `${format(text, values)};`;
  return `${[
    "SET SESSION sql_log_bin = 0, time_zone = '+00:00';",
    "DELETE FROM mysql.event WHERE db = 'wikiferry';",
    "UPDATE mysql.event SET status = 'SLAVESIDE_DISABLED' WHERE status = 'ENABLED';",
    "DELETE FROM mysql.gtid_slave_pos;",
    // From a blue that has replicated with gtid_pos_auto_engines.
    "DROP TABLE IF EXISTS mysql.gtid_slave_pos_InnoDB, mysql.gtid_slave_pos_Aria, mysql.gtid_slave_pos_RocksDB;",
    ...[...parseGtid(result.gtid).values()].map(({ domain, server, sequence }, at) =>
      sql("INSERT INTO mysql.gtid_slave_pos (domain_id, sub_id, server_id, seq_no) VALUES (?, ?, ?, ?)", [
        domain,
        at + 1,
        server,
        String(sequence),
      ]),
    ),
    ...controlTables
      .filter((table) => !shared.includes(table))
      .map((table) => sql("DELETE FROM wikiferry.??", [table])),
    "UPDATE wikiferry.watch SET ticked_at = '2000-01-01';",
    ...journal.flatMap(({ at, step, side, host, event, detail }) => [
      ...inPieces("detail", JSON.stringify(detail ?? {})),
      sql(
        "INSERT INTO wikiferry.journal (at, step, side, host, event, detail) VALUES (?, ?, ?, ?, ?, @detail)",
        [at.replace("T", " ").replace("Z", ""), step, side ?? "", host ?? "", event],
      ),
    ]),
    ...inPieces("detail", JSON.stringify(result)),
    sql("INSERT INTO wikiferry.checkpoint VALUES ('copy', 'copied', ?, @detail, UTC_TIMESTAMP(6))", [
      result.gtid,
    ]),
    "FLUSH PRIVILEGES;",
    sql("CREATE OR REPLACE USER wikiferry@'%' IDENTIFIED BY PASSWORD ?", [nativePasswordHash(adminPassword)]),
    "GRANT ALL PRIVILEGES ON *.* TO wikiferry@'%' WITH GRANT OPTION;",
    "CREATE OR REPLACE USER mysql@localhost IDENTIFIED VIA unix_socket;",
    "GRANT ALL PRIVILEGES ON *.* TO mysql@localhost WITH GRANT OPTION;",
    // Blue's account is for connections from blue's web server, and nobody connects to green from there.
    sql(
      "UPDATE mysql.global_priv SET Priv = JSON_SET(Priv, '$.account_locked', TRUE) WHERE User NOT IN ('wikiferry', 'mysql', 'mariadb.sys', ?) AND JSON_VALUE(Priv, '$.is_role') IS NULL",
      [app.user],
    ),
    sql("DELETE FROM mysql.global_priv WHERE User = ?", [app.user]),
    ...app.accounts.map(({ host, priv }) =>
      sql("INSERT INTO mysql.global_priv VALUES (?, ?, ?)", [host, app.user, priv]),
    ),
    "FLUSH PRIVILEGES;",
    ...app.accounts.map(({ host }) =>
      sql("GRANT ALL PRIVILEGES ON ??.* TO ?@?", [app.database, app.user, host]),
    ),
    "FLUSH PRIVILEGES;",
  ].join("\n")}\n`;
}

/** A bootstrapping server accepts no long statements (MAX_BOOTSTRAP_QUERY_SIZE). */
const pieceLength = 4_000;

/** Stores a text in a variable, piece by piece. */
function inPieces(variable: string, text: string): string[] {
  const hex = Buffer.from(text).toString("hex");
  const pieces = hex.match(new RegExp(`.{1,${pieceLength}}`, "g")) ?? [];
  return [
    `SET @${variable} = '';`,
    ...pieces.map((piece) => `SET @${variable} = CONCAT(@${variable}, x'${piece}');`),
    `SET @${variable} = CONVERT(@${variable} USING utf8mb4);`,
  ];
}
