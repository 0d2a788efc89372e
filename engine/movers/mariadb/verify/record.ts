import type { Server } from "../../../runtime/mariadb/server";
import type { RowDifference } from "./locateDifferences";
import type { WikiCount } from "./wikiTables";

/** The result of one complete comparison. */
export interface Verification {
  ok: boolean;
  /** The state of the data that was compared. */
  gtid: string;
  tables: number;
  /** Decimal. */
  rows: string;
  ms: number;
  /** One entry for each table that differs. */
  differing: TableDifference[];
  /** Counts and newest ids of MediaWiki's tables. */
  wiki?: WikiCount[];
  /** The position of the complete comparison, if changes since then were compared up to `gtid`. */
  whole?: string;
  /** Rows compared since, counted each time. */
  changedRows?: number;
  /** Rows that differed and were copied again before this comparison. */
  repaired?: number;
}

export interface TableDifference {
  table: string;
  /** What differs, such as `rows: 3 differ`. */
  what: string[];
  /** Ranges of its key in which rows differ, such as `old_id from 1000 below 2000`; a bounded number. */
  ranges?: string[];
  /** Rows that differ; a bounded number. */
  rows?: RowDifference[];
  /** Whether there are more rows than these. */
  more?: boolean;
}

/** A verification as a server remembers it. */
export interface RecordedVerification extends Verification {
  /** Time since it ended, by the server's clock, in milliseconds. */
  ageMs: number;
}

/** Not logged: the tool writes it to both servers, so each knows it when the other is gone. */
export async function recordVerification(server: Server, result: Verification): Promise<void> {
  const session = await server.sessionWithoutBinlog();
  const { ok, gtid, ...detail } = result;
  await session.run(
    `INSERT INTO wikiferry.verification (gtid, ok, started_at, finished_at, detail)
     VALUES (?, ?, UTC_TIMESTAMP(6) - INTERVAL ? MICROSECOND, UTC_TIMESTAMP(6), ?)`,
    [gtid, ok, Math.round(result.ms * 1000), JSON.stringify(detail)],
  );
}

/**
 * Advances the newest result to `gtid`, up to which every changed row was compared and was equal. A result that is not
 * ok stays as it is. Not logged.
 */
export async function advanceVerification(server: Server, gtid: string, changedRows: number): Promise<void> {
  const session = await server.sessionWithoutBinlog();
  await session.run(
    `UPDATE wikiferry.verification v JOIN (SELECT MAX(id) AS id FROM wikiferry.verification) newest ON newest.id = v.id
        SET v.detail = JSON_SET(v.detail, '$.whole', IFNULL(JSON_VALUE(v.detail, '$.whole'), v.gtid),
              '$.changedRows', IFNULL(JSON_VALUE(v.detail, '$.changedRows'), 0) + ?),
            v.gtid = ?, v.finished_at = UTC_TIMESTAMP(6)
      WHERE v.ok`,
    [changedRows, gtid],
  );
}

/** The newest result on this server; undefined where there is none. Never writes. */
export async function lastVerification(server: Server): Promise<RecordedVerification | undefined> {
  const row = await server.row<Record<"gtid" | "ok" | "detail" | "age_us", string>>(
    `SELECT gtid, ok, detail, TIMESTAMPDIFF(MICROSECOND, finished_at, UTC_TIMESTAMP(6)) AS age_us
       FROM wikiferry.verification ORDER BY id DESC LIMIT 1`,
  );
  if (!row) return undefined;
  const detail = JSON.parse(row.detail) as Omit<Verification, "ok" | "gtid">;
  return { ...detail, gtid: row.gtid, ok: Number(row.ok) === 1, ageMs: Number(row.age_us) / 1000 };
}
