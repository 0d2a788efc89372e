import { isFollowing } from "../../../engine/mariadb/replication/follow";
import { stableMs } from "../../../engine/mariadb/replication/lag";
import { causeOf, parseReplicationStatus } from "../../../engine/mariadb/replication/status";

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

describe("what a replica says of itself", () => {
  test("a healthy stream has no cause, and is the one that was asked for", () => {
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
  ])("a stream %s is not what was asked for", (_what, change) => {
    expect(
      isFollowing(parseReplicationStatus({ ...healthy, ...change }), { host: "blue-db", port: 3306 }),
    ).toBe(false);
  });

  test("filters are seen", () => {
    expect(parseReplicationStatus({ ...healthy, Replicate_Do_DB: "wikidb" }).filters).toEqual([
      "Replicate_Do_DB=wikidb",
    ]);
  });

  test.each([
    ["REPL_ACCESS_DENIED", "connecting", true, 1045, 0, ""],
    ["REPL_TLS", "connecting", true, 2026, 0, ""],
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
    ["REPL_SQL", "yes", false, 0, 1146, ""],
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
