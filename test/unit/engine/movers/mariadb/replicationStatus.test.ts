import {
  type CatchUpRate,
  catchUpRate,
  describeCatchUp,
} from "../../../../../engine/movers/mariadb/replication/catchUpRate";
import { causeOf, describeStop } from "../../../../../engine/movers/mariadb/replication/causes";
import { logIsApart } from "../../../../../engine/movers/mariadb/replication/durability";
import { isFollowing } from "../../../../../engine/movers/mariadb/replication/follow";
import { stableMs } from "../../../../../engine/movers/mariadb/replication/lag";
import {
  describeChange,
  schemaChanges,
} from "../../../../../engine/movers/mariadb/replication/schemaChanges";
import { parseReplicationStatus } from "../../../../../engine/movers/mariadb/replication/status";

const healthy = {
  Connection_name: "",
  Master_Host: "blue-db",
  Master_Port: 3306,
  Master_User: "wikiferry_repl",
  Slave_IO_Running: "Yes",
  Slave_SQL_Running: "Yes",
  Last_IO_Errno: 0,
  Last_IO_Error: "",
  Last_SQL_Errno: 0,
  Last_SQL_Error: "",
  Using_Gtid: "Slave_Pos",
  Gtid_IO_Pos: "0-1-12",
  Gtid_Slave_Pos: "0-1-10",
  Until_Condition: "None",
  Master_SSL_Allowed: "Yes",
  Master_SSL_Verify_Server_Cert: "Yes",
  Replicate_Do_DB: "",
  Replicate_Ignore_Server_Ids: "",
  Replicate_Rewrite_DB: "",
  Slave_SQL_Running_State: "Slave has read all relay log; waiting for more updates",
};

describe("what a replica reports about itself", () => {
  test("a healthy stream has no cause, and is the wanted one", () => {
    const status = parseReplicationStatus(healthy);
    expect(status).toMatchObject({
      io: "yes",
      sql: true,
      cause: undefined,
      receivedGtid: "0-1-12",
      appliedGtid: "0-1-10",
      filters: [],
    });
    expect(isFollowing(status, { host: "blue-db", port: 3306 })).toBe(true);
    expect(isFollowing(status, { host: "green-db", port: 3306 })).toBe(false);
    expect(isFollowing(undefined, { host: "blue-db", port: 3306 })).toBe(false);
  });

  test.each([
    ["without TLS", { Master_SSL_Allowed: "No" }],
    ["without checking the certificate", { Master_SSL_Verify_Server_Cert: "No" }],
    ["up to a position only", { Until_Condition: "Gtid" }],
    ["by file and offset", { Using_Gtid: "No" }],
  ])("a stream %s is not the wanted one", (_what, change) => {
    expect(
      isFollowing(parseReplicationStatus({ ...healthy, ...change }), { host: "blue-db", port: 3306 }),
    ).toBe(false);
  });

  test("filters are noticed", () => {
    expect(parseReplicationStatus({ ...healthy, Replicate_Do_DB: "wikidb" }).filters).toEqual([
      "Replicate_Do_DB=wikidb",
    ]);
  });

  test.each([
    ["REPL_ACCESS_DENIED", "connecting", true, 1045, 0, ""],
    ["REPL_ACCESS_DENIED", "connecting", true, 1130, 0, ""],
    ["REPL_ACCESS_DENIED", "connecting", true, 1698, 0, ""],
    ["REPL_ACCESS_DENIED", "connecting", true, 4151, 0, ""],
    ["REPL_TLS", "connecting", true, 2026, 0, ""],
    ["REPL_TLS", "connecting", true, 3159, 0, ""],
    ["REPL_UNREACHABLE", "connecting", true, 2003, 0, ""],
    ["REPL_UNREACHABLE", "connecting", true, 0, 0, ""],
    [
      "REPL_BINLOG_GONE",
      "no",
      true,
      1236,
      0,
      "Could not find GTID state requested by slave in any binlog files",
    ],
    [
      "REPL_ERRANT_GTID",
      "no",
      true,
      1236,
      0,
      "connecting slave requested to start from GTID 0-2-5, which is not in the master's binlog",
    ],
    ["REPL_ERRANT_GTID", "yes", false, 0, 1950, ""],
    ["REPL_ROW_MISSING", "yes", false, 0, 1032, ""],
    ["REPL_ROW_DOUBLE", "yes", false, 0, 1062, ""],
    ["REPL_TABLE_MISSING", "yes", false, 0, 1146, ""],
    ["REPL_TABLE_DIFFERS", "yes", false, 0, 1677, ""],
    ["REPL_DISK_FULL", "yes", false, 0, 1021, ""],
    ["REPL_SQL", "yes", false, 0, 1205, ""],
    ["REPL_STOPPED", "no", false, 0, 0, ""],
    ["REPL_STOPPED", "yes", false, 0, 0, ""],
  ] as const)("%s: io %s, sql %s, errors %i and %i %s", (cause, io, sql, ioErrno, sqlErrno, message) => {
    expect(
      causeOf({
        io,
        sql,
        ioError: { number: ioErrno, message },
        sqlError: { number: sqlErrno, message: "" },
      }),
    ).toBe(cause);
  });
});

describe("what it stopped at", () => {
  const onQuery =
    "Error 'Can't DROP INDEX `x`; check that it exists' on query. Default database: 'wikidb'. Query: 'ALTER TABLE page\n  DROP INDEX x'";
  const threads = (number: number, message: string) => ({
    io: "yes" as const,
    sql: false,
    ioError: { number: 0, message: "" },
    sqlError: { number, message },
    appliedGtid: "0-1-7",
  });

  test("a statement in the stream is a schema change, whatever error it failed with", () => {
    expect(causeOf(threads(1091, onQuery))).toBe("REPL_DDL");
    expect(causeOf(threads(1062, onQuery))).toBe("REPL_DDL");
    expect(describeStop(threads(1091, onQuery))).toBe(
      "error 1091 after 0-1-7: Can't DROP INDEX `x`; check that it exists by ALTER TABLE page DROP INDEX x",
    );
  });

  test("a row is named by its table and key", () => {
    const message =
      "Could not execute Write_rows_v1 event on table wikidb.page; Duplicate entry '7' for key 'PRIMARY', Error_code: 1062; handler error HA_ERR_FOUND_DUPP_KEY; the event's master log binlog.000002, end_log_pos 812";
    expect(describeStop(threads(1062, message))).toBe(
      "error 1062 after 0-1-7: Could not execute Write_rows_v1 event on table wikidb.page; Duplicate entry '7' for key 'PRIMARY'",
    );
  });

  test("a full disk is recognized, whatever failed because of it", () => {
    const message = "Error writing file 'relay-bin' (errno: 28 \"No space left on device\")";
    expect(causeOf(threads(1026, message))).toBe("REPL_DISK_FULL");
  });
});

describe("how fast it catches up", () => {
  const sample = (atMs: number, behind: number, applied: number) => ({
    atMs,
    behind,
    applied,
    lagMs: behind,
  });

  test("rates, share of the distance and time left", () => {
    expect(catchUpRate([])).toBeUndefined();
    const rate = catchUpRate([sample(0, 1000, 0), sample(1000, 900, 150), sample(2000, 800, 300)]);
    expect(rate).toEqual({
      behind: 800,
      lagMs: 800,
      appliedPerSecond: 150,
      writtenPerSecond: 50,
      leftMs: 8000,
      percent: 20,
    });
  });

  test("one that does not come nearer has no time left to report", () => {
    expect(catchUpRate([sample(0, 100, 0), sample(1000, 140, 10)])).toMatchObject({
      leftMs: undefined,
      appliedPerSecond: 10,
      writtenPerSecond: 50,
      percent: 0,
    });
    expect(describeCatchUp(catchUpRate([sample(0, 100, 0), sample(1000, 140, 10)]) as CatchUpRate)).toBe(
      "140 transactions behind (140 ms), applies 10/s of 50/s new ones, does not come nearer",
    );
  });

  test("one that has caught up is at the end", () => {
    expect(catchUpRate([sample(0, 10, 0), sample(1000, 0, 12)])).toMatchObject({ leftMs: 0, percent: 100 });
    expect(catchUpRate([sample(0, 0, 0)])).toMatchObject({ leftMs: 0, percent: 100 });
  });

  test("rates are of the last half minute", () => {
    const samples = [sample(0, 1000, 0), sample(60_000, 1000, 0), sample(90_000, 700, 300)];
    expect(catchUpRate(samples)).toMatchObject({ appliedPerSecond: 10, leftMs: 70_000 });
  });
});

describe("schema changes", () => {
  const table = (name: string, columns: Record<string, string>, indexes: string[] = []) => ({
    name,
    engine: "InnoDB",
    collation: "binary",
    columns: Object.entries(columns).map(([column, text]) => ({ name: column, text })),
    indexes,
  });
  const page = table("page", { page_id: "int NOT NULL" }, ["UNIQUE PRIMARY BTREE (page_id)"]);

  test("created, dropped, renamed and altered are distinguished", () => {
    expect(schemaChanges([page], [page])).toEqual([]);
    expect(schemaChanges([], [page])).toEqual([{ kind: "created", table: "page", how: [] }]);
    expect(schemaChanges([page], [])).toEqual([{ kind: "dropped", table: "page", how: [] }]);
    expect(schemaChanges([page], [{ ...page, name: "page_old" }])).toEqual([
      { kind: "renamed", table: "page", to: "page_old", how: [] },
    ]);
    const wider = table("page", { page_id: "bigint NOT NULL", page_len: "int" }, page.indexes);
    const changes = schemaChanges([page], [wider]);
    expect(changes.map(describeChange)).toEqual([
      "table page altered (column page_id int NOT NULL → bigint NOT NULL; column page_len int new)",
    ]);
  });
});

describe("durability", () => {
  test("a log that ends at another transaction than the tables has diverged, an empty one has not", () => {
    expect(logIsApart({ binlog: "0-1-7", applied: "0-1-7" })).toBe(false);
    expect(logIsApart({ binlog: "", applied: "0-1-7" })).toBe(false);
    expect(logIsApart({ binlog: "0-1-9", applied: "0-1-7" })).toBe(true);
    expect(logIsApart({ binlog: "0-1-6", applied: "0-1-7" })).toBe(true);
  });
});

describe("how long the lag has been small", () => {
  const at = (...lags: number[]) => lags.map((lagMs, i) => ({ at: i * 100, lagMs }));
  test.each([
    [[], 0],
    [[5], 0],
    [[5, 5, 5], 200],
    [[5, 500, 5, 5], 100],
    [[5, 5, 500], 0],
    [[5, Number.POSITIVE_INFINITY, 5], 0],
  ])("%j: %i ms", (lags, expected) => {
    expect(stableMs(at(...lags), 100)).toBe(expected);
  });
});
