import { copyDatabase } from "../../../../../engine/movers/mariadb/copy/copy";
import { definitionsNow, openReader } from "../../../../../engine/movers/mariadb/copy/logical/definitions";
import type { LogicalContext } from "../../../../../engine/movers/mariadb/copy/logical/run";
import { copyState } from "../../../../../engine/movers/mariadb/copy/state";
import { follow, stopFollowing, waitForGtid } from "../../../../../engine/movers/mariadb/replication/follow";
import { positions } from "../../../../../engine/movers/mariadb/replication/status";
import type { ProgressEvent } from "../../../../../engine/progress";
import { deriveSecret } from "../../../../../engine/secrets";
import { Tool } from "../../../../../scripts/faults/copy/tool";
import { startAdoptedPair } from "../../../../support/adopted";
import type { Pair } from "../../../../support/mariadb";
import { contentOf } from "../../../../support/mariadbContent";

jest.setTimeout(300_000);

const database = "wikidb";

describe("the logical copy", () => {
  let pair: Pair;
  const events: ProgressEvent[] = [];
  const copy = (more: Partial<LogicalContext> = {}) => {
    events.length = 0;
    const context: LogicalContext = { ...pair, report: (event) => events.push(event), ...more };
    context.spec = { ...context.spec, copy: { ...context.spec.copy, method: "logical" } };
    return copyDatabase(context);
  };
  const slowly = (maxBytesPerSecond: number) => ({
    ...pair.spec,
    copy: { method: "logical" as const, maxBytesPerSecond },
  });
  /** Resets green to the state before the first copy. */
  const emptyGreen = async () => {
    await stopFollowing(pair.green);
    const session = await pair.green.sessionWithoutBinlog();
    await session.run("DROP DATABASE IF EXISTS ??", [database]);
    await session.run("DELETE FROM wikiferry.checkpoint").catch(() => 0);
    await session.run("RESET MASTER");
    await session.run("SET GLOBAL gtid_slave_pos = ''");
  };
  const onBlue = async (...statements: string[]) => {
    const session = await pair.blue.open({ database });
    for (const statement of statements) await session.run(statement);
    await session.close();
  };
  const clearBlue = async () => {
    const session = await pair.blue.open();
    await session.run("DROP DATABASE ??", [database]);
    await session.run("CREATE DATABASE ?? CHARACTER SET binary", [database]);
    await session.close();
  };
  const expectSame = async () => {
    expect(await contentOf(pair.green, database)).toEqual(await contentOf(pair.blue, database));
  };
  const followAndExpectSame = async () => {
    await follow(pair.green, pair.blue, deriveSecret(pair.secrets.masterSecret, "mariadb-replication"));
    const { binlog } = await positions(pair.blue);
    expect(await waitForGtid(pair.green, binlog, 30_000)).toBe(true);
    await expectSame();
  };
  const definition = (side: "blue" | "green", kind: string, name: string) =>
    pair[side].row(`SHOW CREATE ${kind} ??.??`, [database, name]);

  beforeAll(async () => {
    pair = await startAdoptedPair({ database });
  });
  afterAll(() => pair?.stop());
  afterEach(async () => {
    await emptyGreen();
    await clearBlue();
  });

  test("every type's values arrive unchanged, including those that no client could write today", async () => {
    await onBlue(
      "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'",
      `CREATE TABLE types (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, i BIGINT UNSIGNED, n NUMERIC(60,30), f FLOAT,
         f2 FLOAT(7,2), d DOUBLE, b BIT(5), b64 BIT(64), dt DATE, t TIME(6), dtm DATETIME(6), ts TIMESTAMP(6) NULL, y YEAR,
         e ENUM('a','','1','0'), s SET('x','y','z'), c CHAR(4), vc VARCHAR(50), bin BINARY(4), vb VARBINARY(50),
         tb TINYBLOB, tt TINYTEXT, mb MEDIUMBLOB, l1 VARCHAR(9) CHARSET latin1, u2 VARCHAR(9) CHARSET ucs2,
         j JSON, p POINT, ip INET6, g DOUBLE AS (d + 1) VIRTUAL, gp INT AS (LENGTH(vc)) PERSISTENT, inv INT INVISIBLE)
         ENGINE=InnoDB CHARSET=utf8mb4`,
      `INSERT INTO types (id, i, n, f, f2, d, b, b64, dt, t, dtm, ts, y, e, s, c, vc, bin, vb, tb, tt, mb, l1, u2, j, p, ip, inv)
       VALUES (0, 18446744073709551615, -123456789012345678901234567890.123456789012345678901234567891, 16777217, 12345.67,
         2.2250738585072014e-308, b'10101', x'FFFFFFFFFFFFFFFF', '0000-00-00', '-838:59:59.999999', '2020-02-31 00:00:00.5',
         '2038-01-19 03:14:07.999999', 0, 'not a member', 'x,z', 'a', '', 'a', 'NULL', '', 'NULL', x'00FF1A5C27220A0D',
         'ÿ', 'ä', '{"a": 1}', POINT(1, 2), '::1', 7)`,
      `INSERT INTO types (i, f, d, b, dt, t, dtm, ts, y, e, s, c, bin, tb, l1) VALUES (0, 3.4e38, 1.7976931348623157e308, b'0',
         '1000-00-01', '00:00:00', '9999-12-31 23:59:59', '1970-01-01 00:00:01', 2155, '', '', 'ab ', 'ab ', x'00', '€')`,
      "INSERT INTO types (f, d, e) VALUES (0.1, 0.1, '0'), (-0.0, -0.0, '1'), (1e-38, 4.9e-324, 1)",
      "INSERT INTO types () VALUES ()",
      // Bytes that are invalid in their column's character set, as old clients wrote them.
      "CREATE TABLE compound (a INT NOT NULL, b VARCHAR(9) COLLATE utf8mb4_general_ci NOT NULL, c DATE NOT NULL, d INT, PRIMARY KEY (a, b, c)) CHARSET=utf8mb4",
      "INSERT INTO compound SELECT seq MOD 7, CONCAT('k', seq, 'ä''\\\\'), '2020-01-01' + INTERVAL seq MOD 5 DAY, seq FROM seq_1_to_5000",
      "CREATE TABLE member (e ENUM('b','a') NOT NULL PRIMARY KEY, n INT)",
      "INSERT INTO member VALUES ('a', 1), ('b', 2)",
      "CREATE TABLE uniquely (u VARBINARY(20) NOT NULL, n INT, UNIQUE KEY u (u), KEY n (n))",
      "INSERT INTO uniquely SELECT CONCAT('u', seq), seq FROM seq_1_to_3000",
      "CREATE TABLE keyless (a INT NULL, b TINYTEXT, UNIQUE KEY (a))",
      "INSERT INTO keyless VALUES (NULL, ''), (NULL, NULL), (NULL, 'NULL'), (1, 'x')",
    );
    await copy({ pieceBytes: 20_000 });
    await expectSame();
    for (const table of ["types", "compound", "member", "uniquely", "keyless"])
      expect(await definition("green", "TABLE", table)).toEqual(await definition("blue", "TABLE", table));
    const exact =
      "SELECT GROUP_CONCAT(CAST(f AS DOUBLE), '|', d, '|', e + 0, '|', s + 0, '|', b + 0 ORDER BY id SEPARATOR '\\n') FROM ??.types";
    expect(await pair.green.value(exact, [database])).toBe(await pair.blue.value(exact, [database]));
    expect(await pair.green.value("SELECT @@GLOBAL.max_allowed_packet")).toBe(String(64 * 1024 * 1024));
    expect(await pair.green.value("SELECT @@GLOBAL.innodb_flush_log_at_trx_commit")).toBe("1");
    await followAndExpectSame();
  });

  test("indexes, foreign keys, views, triggers, routines, events, sequences are as they were", async () => {
    await onBlue(
      "CREATE TABLE parent (id INT AUTO_INCREMENT PRIMARY KEY, body TEXT, UNIQUE KEY (body(20)), FULLTEXT KEY f1 (body), FULLTEXT KEY f2 (body)) CHARSET=utf8mb4 AUTO_INCREMENT=77",
      `CREATE TABLE child (id INT, parent INT, n INT AUTO_INCREMENT, at DATETIME DEFAULT current_timestamp() ON UPDATE current_timestamp(),
         PRIMARY KEY (id), KEY numbered (n), KEY p (parent), CONSTRAINT kin FOREIGN KEY (parent) REFERENCES parent (id) ON DELETE CASCADE,
         CONSTRAINT positive CHECK (id > 0)) COMMENT 'a,b; KEY \\'c\\'' ROW_FORMAT=COMPRESSED`,
      "CREATE TABLE parted (id INT NOT NULL, y INT NOT NULL, PRIMARY KEY (id, y), KEY y (y)) PARTITION BY RANGE (y) (PARTITION p0 VALUES LESS THAN (5), PARTITION p1 VALUES LESS THAN MAXVALUE)",
      "INSERT INTO parent (body) VALUES ('one'), ('two')",
      "INSERT INTO child (id, parent) VALUES (1, 77), (2, NULL)",
      "INSERT INTO parted SELECT seq, seq MOD 10 FROM seq_1_to_1000",
      "CREATE DEFINER=wikiuser@'%' VIEW b_view AS SELECT id FROM parent",
      "CREATE SQL SECURITY INVOKER VIEW a_view AS SELECT id FROM b_view WITH CHECK OPTION",
      "CREATE DEFINER=nobody@nowhere TRIGGER t1 BEFORE INSERT ON child FOR EACH ROW SET NEW.n = NEW.n",
      "CREATE TRIGGER t0 BEFORE INSERT ON child FOR EACH ROW FOLLOWS t1 SET NEW.id = NEW.id",
      "SET SESSION sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT'",
      `CREATE FUNCTION "of ansi" (a TEXT) RETURNS TEXT DETERMINISTIC COMMENT 'c' RETURN a || 'x'`,
      "SET SESSION sql_mode = DEFAULT",
      "CREATE PROCEDURE proc (INOUT a INT) MODIFIES SQL DATA BEGIN SET a = a + 1; END",
      "CREATE EVENT late ON SCHEDULE EVERY 1 SECOND ON COMPLETION PRESERVE COMMENT 'ENABLE' DO INSERT INTO parent (body) VALUES (RAND())",
      "ALTER EVENT late DISABLE",
      "CREATE SEQUENCE counter START WITH 5 INCREMENT BY 3",
      "DO NEXT VALUE FOR counter",
    );
    await copy();
    await expectSame();
    const things = {
      TABLE: ["parent", "child", "parted"],
      VIEW: ["a_view", "b_view"],
      FUNCTION: ["of ansi"],
      PROCEDURE: ["proc"],
      SEQUENCE: ["counter"],
    };
    for (const [kind, names] of Object.entries(things))
      for (const name of names)
        expect(await definition("green", kind, name)).toEqual(await definition("blue", kind, name));
    for (const name of ["t0", "t1"]) {
      const { Created: _, ...blue } = (await definition("blue", "TRIGGER", name)) ?? {};
      expect(await definition("green", "TRIGGER", name)).toMatchObject(blue);
    }
    const order =
      "SELECT GROUP_CONCAT(trigger_name ORDER BY action_order) FROM information_schema.triggers WHERE trigger_schema = ?";
    expect(await pair.green.value(order, [database])).toBe("t1,t0");
    // A number that blue has in memory may be skipped, as after a restart; none is assigned twice.
    const next = "SELECT NEXT VALUE FOR ??.counter";
    expect(Number(await pair.green.value(next, [database]))).toBeGreaterThan(5);
    expect(await pair.green.value("SELECT status FROM information_schema.events")).toBe("SLAVESIDE_DISABLED");
  });

  test("the tool's memory does not grow with the data", async () => {
    await onBlue("CREATE TABLE wide (id INT PRIMARY KEY, body MEDIUMBLOB NOT NULL) ENGINE=InnoDB");
    const peaks: number[] = [];
    let rows = 0;
    for (const more of [8_000, 24_000]) {
      await onBlue(
        "SET SESSION sql_log_bin = 0",
        `INSERT INTO wide SELECT ${rows} + seq, REPEAT(MD5(seq), 300) FROM seq_1_to_${more}`,
      );
      rows += more;
      const tool = new Tool({
        spec: { ...pair.spec, copy: { ...pair.spec.copy, method: "logical" } },
        secrets: pair.secrets,
      });
      expect(await tool.end()).toBeUndefined();
      const copied = tool.events.find(({ kind }) => kind === "copied") as { peakBytes: number; rows: number };
      expect(copied.rows).toBe(rows);
      peaks.push(copied.peakBytes);
      await emptyGreen();
    }
    process.stdout.write(`peak memory ${peaks.map((peak) => Math.round(peak / 1e6)).join(" and ")} MB\n`);
    const [once = 0, fourTimes = 0] = peaks;
    // Of the 230 MB more that were copied.
    expect(fourTimes - once).toBeLessThan(40e6);
    expect(fourTimes).toBeLessThan(256e6);
  });

  test("a row of 64 MB is copied, and the tool's memory stays below 256 MB", async () => {
    await onBlue("SET GLOBAL max_allowed_packet = 1073741824");
    await onBlue(
      "CREATE TABLE large (id INT PRIMARY KEY, a LONGBLOB, b LONGBLOB, c VARCHAR(20), KEY c (c)) ENGINE=InnoDB",
      ...[1, 2, 3].map(
        (id) =>
          `INSERT INTO large VALUES (${id}, REPEAT('${"0123456789abcde\\\\"}', ${4 * 1024 * 1024}), REPEAT('b${id}', ${id * 1_000_000}), 'c${id}')`,
      ),
      "INSERT INTO large VALUES (4, NULL, REPEAT('x', 16777200), NULL), (5, '', REPEAT('x', 600000), 'e')",
      ...["INSERT INTO large SELECT 10 + seq, REPEAT('m', 600000 + seq), NULL, seq FROM seq_1_to_40"],
    );
    const tool = new Tool({
      spec: { ...pair.spec, copy: { ...pair.spec.copy, method: "logical" } },
      secrets: pair.secrets,
    });
    expect(await tool.end()).toBeUndefined();
    const copied = tool.events.find(({ kind }) => kind === "copied") as { peakBytes: number; rows: number };
    process.stdout.write(`peak memory ${Math.round(copied.peakBytes / 1e6)} MB\n`);
    expect(copied.rows).toBe(45);
    expect(copied.peakBytes).toBeLessThan(256 * 1024 * 1024);
    const sums =
      "SELECT GROUP_CONCAT(id, ':', IFNULL(MD5(a), 'N'), ':', IFNULL(MD5(b), 'N'), ':', IFNULL(c, 'N') ORDER BY id) FROM ??.large";
    expect(await pair.green.value(sums, [database])).toBe(await pair.blue.value(sums, [database]));
    await onBlue("SET GLOBAL max_allowed_packet = DEFAULT");
  });

  test("a table that is dropped while definitions are read makes them unknown, and is no error", async () => {
    await onBlue("CREATE TABLE going (id INT PRIMARY KEY)");
    const session = await openReader(pair.blue);
    const row = session.row.bind(session);
    session.row = async (sql, values) => {
      if (/^SHOW CREATE TABLE/.test(sql) && values?.includes("going"))
        await onBlue("DROP TABLE IF EXISTS going");
      return row(sql, values);
    };
    expect(await definitionsNow(session, database)).toBeUndefined();
    expect(await definitionsNow(session, database)).toMatchObject({ tables: [] });
    await session.close();
  });

  test("a table that is altered, dropped, created or renamed during the copy ends as on blue", async () => {
    const rows = "SELECT seq, REPEAT('x', 1000) FROM seq_1_to_3000";
    await onBlue(
      ...["stays", "altered", "dropped", "renamed", "truncated"].flatMap((name) => [
        `CREATE TABLE ${name} (id INT PRIMARY KEY, body BLOB)`,
        `INSERT INTO ${name} ${rows}`,
      ]),
    );
    let changed: Promise<void> | undefined;
    await copy({
      pieceBytes: 200_000,
      spec: slowly(3_000_000),
      onPiece: () => {
        changed ??= onBlue(
          "ALTER TABLE altered ADD COLUMN more INT DEFAULT 7, DROP COLUMN body",
          "DROP TABLE dropped",
          "CREATE TABLE created (id INT PRIMARY KEY)",
          "INSERT INTO created VALUES (1)",
          "RENAME TABLE renamed TO anew",
          "TRUNCATE TABLE truncated",
          "INSERT INTO truncated VALUES (1, 'after')",
        );
      },
    });
    await changed;
    expect(events.map(({ message }) => message).join("\n")).toMatch(/tables changed on blue|starting over/);
    await followAndExpectSame();
  });

  test("tables that keep changing stop the copy with the reason", async () => {
    await onBlue(
      "CREATE TABLE busy (id INT PRIMARY KEY, body BLOB)",
      "INSERT INTO busy SELECT seq, REPEAT('x', 1000) FROM seq_1_to_1000",
    );
    let number = 0;
    const changes: Promise<void>[] = [];
    await expect(
      copy({
        pieceBytes: 100_000,
        spec: slowly(300_000),
        onPiece: () => void changes.push(onBlue(`ALTER TABLE busy COMMENT '${number++}'`)),
      }),
    ).rejects.toMatchObject({ code: "COPY_DEFINITIONS_CHANGE" });
    await Promise.all(changes);
  });

  test("sessions that break on either side are opened again, and the copy continues where it was", async () => {
    await onBlue(
      "CREATE TABLE body (id INT PRIMARY KEY, body BLOB, KEY (id))",
      "INSERT INTO body SELECT seq, REPEAT('x', 1000) FROM seq_1_to_8000",
      "ANALYZE TABLE body",
    );
    const pieces: string[] = [];
    const breaks: Promise<void>[] = [];
    const cut = async (side: "blue" | "green") => {
      const user = pair[side].place.adminUser;
      const session = await pair[side].open();
      const ids = await session.rows<{ id: string }>(
        "SELECT id FROM information_schema.processlist WHERE user = ? AND id <> CONNECTION_ID()",
        [user],
      );
      for (const { id } of ids) await session.run("KILL HARD CONNECTION ?", [Number(id)]).catch(() => 0);
      await session.close();
    };
    const { rows } = await copy({
      pieceBytes: 200_000,
      spec: slowly(4_000_000),
      onPiece: ({ id, after }) => {
        pieces.push(`${id} ${after}`);
        if (pieces.length === 8) breaks.push(cut("blue"));
        if (pieces.length === 20) breaks.push(cut("green"));
      },
    });
    await Promise.all(breaks);
    expect(rows).toBe(8000);
    expect(pieces.length - new Set(pieces).size).toBeLessThanOrEqual(6);
    expect(events.some(({ message }) => message.startsWith("waiting for a connection"))).toBe(true);
    await expectSame();
  });

  test("bytes that are invalid in their column's charset are not changed silently", async () => {
    await onBlue(
      "CREATE TABLE broken (id INT PRIMARY KEY, body VARCHAR(20) CHARACTER SET utf8mb4)",
      "ALTER TABLE broken MODIFY body VARBINARY(20)",
      "INSERT INTO broken VALUES (1, x'C328')",
    );
    await onBlue(
      "SET SESSION sql_mode = ''",
      "ALTER TABLE broken MODIFY body VARCHAR(20) CHARACTER SET utf8mb4",
    );
    // Where the server corrects them by itself there is nothing to change.
    const hex = await pair.blue.value("SELECT HEX(body) FROM ??.broken", [database]);
    await copy();
    expect(await pair.green.value("SELECT HEX(body) FROM ??.broken", [database])).toBe(hex);
  });

  test("it keeps to a byte rate and reports its progress, in total and for each table", async () => {
    await onBlue(
      "CREATE TABLE body (id INT PRIMARY KEY, body BLOB)",
      "INSERT INTO body SELECT seq, REPEAT('x', 1000) FROM seq_1_to_6000",
      "ANALYZE TABLE body",
    );
    const states: unknown[] = [];
    const started = performance.now();
    const { bytes } = await copy({
      spec: slowly(2_000_000),
      pieceBytes: 500_000,
      onPiece: () =>
        void pair.green
          .value("SELECT detail FROM wikiferry.checkpoint WHERE name = 'copy'")
          .then((detail) => states.push(JSON.parse(detail ?? "{}").progress)),
    });
    expect(performance.now() - started).toBeGreaterThan((bytes / 2_000_000) * 1000 * 0.7);
    const said = events.filter(({ percent }) => percent !== undefined && percent > 0 && percent < 100);
    expect(said.length).toBeGreaterThan(0);
    expect(said.at(-1)?.message).toMatch(/B, [\d,]+ rows, [\d.]+ [kM]?B\/s, .+ left \(body \d+ %\)/);
    expect(states.at(-1)).toMatchObject({ tables: [{ name: "body", totalRows: expect.any(Number) }] });
    expect((await copyState(pair.green)).state).toBe("copied");
  });
});
