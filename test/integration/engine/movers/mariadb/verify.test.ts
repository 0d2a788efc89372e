import { WikiferryError } from "../../../../../engine/errors";
import { waitForGtid } from "../../../../../engine/movers/mariadb/replication/follow";
import { positions, replicationStatus } from "../../../../../engine/movers/mariadb/replication/status";
import { lastVerification, type Verification } from "../../../../../engine/movers/mariadb/verify/record";
import { type VerifyOptions, verify } from "../../../../../engine/movers/mariadb/verify/verify";
import { spoiledTables } from "../../../../../scripts/bench/verify/corruptions";
import { type FollowingPair, startFollowingPair } from "../../../../support/followingPair";
import { until } from "../../../../support/until";

let pair: FollowingPair;

beforeAll(async () => {
  pair = await startFollowingPair();
  const { blue, database } = pair;
  const session = await blue.open({ database });
  const run = (sql: string) => session.run(sql.replaceAll("{db}", `\`${database}\``));
  await run(`CREATE TABLE {db}.page (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, title VARBINARY(255) NOT NULL,
    shown VARCHAR(100) CHARACTER SET utf8mb4, note VARBINARY(255) NULL, weight FLOAT, seen TIMESTAMP(6) NULL,
    kind ENUM('a', '', 'b'), body LONGBLOB) ENGINE = InnoDB`);
  await run(`INSERT INTO {db}.page (title, shown, note, weight, seen, kind, body)
    SELECT CONCAT('Title ', seq), CONCAT('ünï 🚢 ', seq), IF(seq % 3 = 0, NULL, CONCAT('n', seq)), seq / 7,
      '2024-01-01 00:00:00.123456' + INTERVAL seq SECOND, 'a', REPEAT(MD5(seq), seq % 50) FROM seq_1_to_5000`);
  await run("CREATE TABLE {db}.plain (a VARBINARY(50), b VARBINARY(50)) ENGINE = InnoDB");
  await run("INSERT INTO {db}.plain SELECT CONCAT('a', seq), CONCAT('b', seq) FROM seq_1_to_500");
  await run("CREATE TABLE {db}.long_rows (id INT PRIMARY KEY, body LONGBLOB) ENGINE = InnoDB");
  await run("INSERT INTO {db}.long_rows VALUES (1, REPEAT('x', 15 * 1024 * 1024))");
  await run("CREATE TABLE {db}.`odd ``name` (`a``b` INT PRIMARY KEY) ENGINE = InnoDB");
  await run("INSERT INTO {db}.`odd ``name` VALUES (1)");
  await run(`CREATE TABLE {db}.searchindex (si_page INT UNSIGNED NOT NULL, si_text MEDIUMTEXT NOT NULL,
    UNIQUE KEY (si_page), FULLTEXT KEY (si_text)) ENGINE = MyISAM DEFAULT CHARSET = utf8mb4`);
  await run("INSERT INTO {db}.searchindex SELECT seq, CONCAT('word', seq) FROM seq_1_to_500");
  await session.close();
  await caughtUp();
});

afterAll(() => pair?.stop());

async function caughtUp(): Promise<void> {
  expect(await waitForGtid(pair.green, (await positions(pair.blue)).binlog, 20_000)).toBe(true);
}

/** Changes green behind replication's back. */
async function corrupt(...statements: string[]): Promise<void> {
  const own = await pair.green.sessionWithoutBinlog();
  for (const sql of statements) await own.run(sql.replaceAll("{db}", `\`${pair.database}\``));
}

async function mismatch(): Promise<string> {
  try {
    await verify(pair.blue, pair.green, pair.database);
  } catch (error) {
    expect(error).toBeInstanceOf(WikiferryError);
    expect((error as WikiferryError).code).toBe("VERIFY_MISMATCH");
    return (error as WikiferryError).found;
  }
  throw new Error("the difference was not found");
}

test("equal sides pass at one GTID, while the primary takes writes during each comparison", async () => {
  let writing = true;
  let begun = 0;
  const acknowledged = { inserts: 0, all: 0 };
  const start = performance.now();
  const write = async () => {
    const writer = await pair.blue.open({ database: pair.database });
    while (writing) {
      const n = begun++;
      const id = 1 + ((n * 7919) % 5000);
      switch (n % 4) {
        case 0:
          await writer.run("INSERT INTO page (title, body) VALUES ('new', ?)", [`body ${n}`]);
          acknowledged.inserts++;
          break;
        case 1:
          await writer.run("UPDATE page SET note = ? WHERE id = ?", [`n${n}`, id]);
          break;
        case 2:
          await writer.run("UPDATE searchindex SET si_text = ? WHERE si_page = ?", [`w${n}`, 1 + (id % 500)]);
          break;
        default:
          await writer.run("DELETE FROM page WHERE id = ?", [id]);
      }
      acknowledged.all++;
      // 200 writes/s at most.
      const aheadMs = n * 5 - (performance.now() - start);
      if (aheadMs > 0) await new Promise((resolve) => setTimeout(resolve, aheadMs));
    }
    await writer.close();
  };
  const writers = Array.from({ length: 8 }, write);
  await until("the writers to write", async () => acknowledged.all >= 50);
  const results = [];
  const meanwhile = [];
  for (let round = 0; round < 3; round++) {
    const before = acknowledged.all;
    results.push(await verify(pair.blue, pair.green, pair.database));
    meanwhile.push(acknowledged.all - before);
  }
  writing = false;
  await Promise.all(writers);
  console.log(
    `${meanwhile.join(", ")} writes meanwhile; ${results.map((r) => `${r.rows} rows in ${r.ms} ms at ${r.gtid}`).join("; ")}`,
  );
  for (const writes of meanwhile) expect(writes).toBeGreaterThanOrEqual(20);
  expect(new Set(results.map((result) => result.gtid)).size).toBe(3);
  for (const result of results) expect(result).toMatchObject({ ok: true, tables: 5, differing: [] });
  for (const server of [pair.blue, pair.green])
    expect(await lastVerification(server)).toMatchObject({ ok: true, gtid: results[2]?.gtid, tables: 5 });
  expect((await replicationStatus(pair.green))?.cause).toBeUndefined();
  await caughtUp();
  // No new row has a number that is deleted.
  for (const server of [pair.blue, pair.green])
    expect(
      Number(await server.value("SELECT COUNT(*) FROM ??.page WHERE title = 'new'", [pair.database])),
    ).toBe(acknowledged.inserts);
});

test("a row at the beginning of one side and at the end of the other is the same row", async () => {
  await corrupt("DELETE FROM {db}.plain WHERE a = 'a1'", "INSERT INTO {db}.plain VALUES ('a1', 'b1')");
  await verify(pair.blue, pair.green, pair.database);
});

test("the row that the corruptions change exists", async () => {
  await pair.blue.run(`REPLACE INTO \`${pair.database}\`.page (id, title, shown, note, weight, seen, kind, body)
    VALUES (4999, 'Title 4999', 'ünï 🚢 4999', 'n', 4999 / 7, '2024-01-01 01:23:19.123456', 'a', 'text')`);
  await caughtUp();
  await verify(pair.blue, pair.green, pair.database);
});

// Each corruption with its repair, so that each is found separately.
const page = (set: string, where = "id = 4999") => `UPDATE {db}.page SET ${set} WHERE ${where}`;
test.each<[name: string, table: string, spoil: string[], mend: string[]]>([
  ["a changed byte", "page", [page("title = 'Title 499X'")], [page("title = 'Title 4999'")]],
  [
    "a changed byte in a blob",
    "page",
    [page("body = CONCAT(body, '!')")],
    [page("body = LEFT(body, LENGTH(body) - 1)")],
  ],
  ["a trailing space", "page", [page("title = 'Title 4999 '")], [page("title = 'Title 4999'")]],
  ["other case in a text", "page", [page("shown = UPPER(shown)")], [page("shown = LOWER(shown)")]],
  ["an accent lost", "page", [page("shown = 'uni 🚢 4999'")], [page("shown = 'ünï 🚢 4999'")]],
  ["the last bit of a float", "page", [page("weight = weight + 0.0001")], [page("weight = 4999 / 7")]],
  [
    "a microsecond",
    "page",
    [page("seen = seen + INTERVAL 1 MICROSECOND")],
    [page("seen = seen - INTERVAL 1 MICROSECOND")],
  ],
  ["another member of an enum", "page", [page("kind = ''")], [page("kind = 'a'")]],
  [
    "swapped columns",
    "plain",
    ["UPDATE {db}.plain SET a = 'b9', b = 'a9' WHERE a = 'a9'"],
    ["UPDATE {db}.plain SET a = 'a9', b = 'b9' WHERE a = 'b9'"],
  ],
  [
    "swapped columns in all rows",
    "plain",
    ["UPDATE {db}.plain SET a = CONCAT('b', SUBSTR(a, 2)), b = CONCAT('a', SUBSTR(b, 2))"],
    ["UPDATE {db}.plain SET a = CONCAT('a', SUBSTR(a, 2)), b = CONCAT('b', SUBSTR(b, 2))"],
  ],
  [
    "values swapped between two rows",
    "plain",
    ["UPDATE {db}.plain SET b = IF(a = 'a1', 'b2', 'b1') WHERE a IN ('a1', 'a2')"],
    ["UPDATE {db}.plain SET b = IF(a = 'a1', 'b1', 'b2') WHERE a IN ('a1', 'a2')"],
  ],
  [
    "a moved border between columns",
    "plain",
    ["UPDATE {db}.plain SET a = 'a9b', b = '9' WHERE a = 'a9'"],
    ["UPDATE {db}.plain SET a = 'a9', b = 'b9' WHERE a = 'a9b'"],
  ],
  [
    "an empty text for NULL",
    "plain",
    ["UPDATE {db}.plain SET b = NULL WHERE a = 'a9'"],
    ["UPDATE {db}.plain SET b = 'b9' WHERE a = 'a9'"],
  ],
  [
    "a missing row",
    "plain",
    ["DELETE FROM {db}.plain WHERE a = 'a9'"],
    ["INSERT INTO {db}.plain VALUES ('a9', 'b9')"],
  ],
  [
    "a doubled row without a key",
    "plain",
    ["INSERT INTO {db}.plain VALUES ('a9', 'b9')"],
    ["DELETE FROM {db}.plain WHERE a = 'a9' LIMIT 1"],
  ],
  [
    "a row doubled and another gone",
    "plain",
    ["UPDATE {db}.plain SET a = 'a9', b = 'b9' WHERE a = 'a8'"],
    ["UPDATE {db}.plain SET a = 'a8', b = 'b8' WHERE a = 'a9' LIMIT 1"],
  ],
  [
    "two rows doubled for two gone",
    "plain",
    ["UPDATE {db}.plain SET a = 'a9', b = 'b9' WHERE a IN ('a7', 'a8')"],
    [
      "UPDATE {db}.plain SET a = 'a8', b = 'b8' WHERE a = 'a9' LIMIT 1",
      "UPDATE {db}.plain SET a = 'a7', b = 'b7' WHERE a = 'a9' LIMIT 1",
    ],
  ],
  [
    "a byte in a row of 15 MB",
    "long_rows",
    ["UPDATE {db}.long_rows SET body = CONCAT('y', SUBSTR(body, 2))"],
    ["UPDATE {db}.long_rows SET body = CONCAT('x', SUBSTR(body, 2))"],
  ],
  [
    "a row of a table with an odd name",
    "odd `name",
    ["DELETE FROM {db}.`odd ``name`"],
    ["INSERT INTO {db}.`odd ``name` VALUES (1)"],
  ],
  [
    "a changed row in MyISAM",
    "searchindex",
    ["UPDATE {db}.searchindex SET si_text = CONCAT(si_text, 'x') WHERE si_page = 9"],
    ["UPDATE {db}.searchindex SET si_text = LEFT(si_text, LENGTH(si_text) - 1) WHERE si_page = 9"],
  ],
  [
    "another collation",
    "page",
    ["ALTER TABLE {db}.page MODIFY shown VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"],
    ["ALTER TABLE {db}.page MODIFY shown VARCHAR(100) CHARACTER SET utf8mb4"],
  ],
  [
    "columns in a different order",
    "plain",
    ["ALTER TABLE {db}.plain MODIFY b VARBINARY(50) FIRST"],
    ["ALTER TABLE {db}.plain MODIFY a VARBINARY(50) FIRST"],
  ],
  [
    "a lost index",
    "searchindex",
    ["ALTER TABLE {db}.searchindex DROP KEY si_text"],
    ["ALTER TABLE {db}.searchindex ADD FULLTEXT KEY (si_text)"],
  ],
  [
    "a missing table",
    "plain",
    ["RENAME TABLE {db}.plain TO {db}.elsewhere"],
    ["RENAME TABLE {db}.elsewhere TO {db}.plain"],
  ],
  [
    "another engine",
    "plain",
    ["ALTER TABLE {db}.plain ENGINE = Aria"],
    ["ALTER TABLE {db}.plain ENGINE = InnoDB"],
  ],
])("finds %s", async (_name, table, spoil, mend) => {
  await corrupt(...spoil);
  const found = await mismatch();
  expect(found).toContain(table);
  expect((await lastVerification(pair.green))?.ok).toBe(false);
  await corrupt(...mend);
  await verify(pair.blue, pair.green, pair.database);
});

describe("every known corruption of a copy", () => {
  const spoiledDatabase = "spoiled";
  const seed = 1 + Math.floor(Math.random() * 1_000_000);
  const tables = spoiledTables(spoiledDatabase, seed);
  const definitionsOnly = ["order of columns changed", "another charset declared"];

  async function result(options: VerifyOptions = {}): Promise<Verification | undefined> {
    await verify(pair.blue, pair.green, spoiledDatabase, options).catch((error: unknown) => {
      if (!(error instanceof WikiferryError && error.code === "VERIFY_MISMATCH")) throw error;
    });
    return await lastVerification(pair.green);
  }

  async function spoil(): Promise<void> {
    const own = await pair.green.open({ database: spoiledDatabase });
    await own.run("SET SESSION sql_log_bin = 0, sql_mode = ''");
    for (const sql of tables.flatMap(({ spoils }) => spoils)) await own.run(sql);
    await own.close();
  }

  beforeAll(async () => {
    const session = await pair.blue.open();
    await session.run("CREATE DATABASE ?? CHARACTER SET binary", [spoiledDatabase]);
    await session.run("USE ??", [spoiledDatabase]);
    for (const sql of tables.flatMap(({ make }) => make)) await session.run(sql);
    await session.close();
    await caughtUp();
  });

  test(`is found, and its rows are named (seed ${seed})`, async () => {
    expect(await result()).toMatchObject({ ok: true, tables: tables.length });
    await spoil();
    const found = await result();
    const names = found?.differing.map(({ table }) => tables.find((one) => one.table === table)?.name);
    expect(names?.sort()).toEqual(tables.map(({ name }) => name).sort());
    const differing = (name: string) =>
      found?.differing.find(({ table }) => table === tables.find((one) => one.name === name)?.table);
    for (const { name } of tables) {
      if (definitionsOnly.includes(name)) continue;
      const { rows = [], more } = differing(name) ?? {};
      expect({ name, rows: rows.length, more }).toEqual({
        name,
        rows: expect.any(Number),
        more: / all /.test(name) || /^all /.test(name),
      });
      expect(rows.length).toBeGreaterThan(0);
      expect(rows.length).toBeLessThanOrEqual(20);
    }
    expect(differing("missing row")?.rows).toEqual([
      { key: expect.stringMatching(/^\d+$/), row: expect.stringMatching(/^id \d+$/), how: "missing" },
    ]);
    expect(differing("row too many")?.rows).toMatchObject([{ row: "id 100000", how: "too many" }]);
    expect(differing("row without a key doubled")?.rows).toMatchObject([{ how: "too many", surplus: 1 }]);
    expect(differing("two rows' values swapped")?.rows).toHaveLength(2);
  });

  test("is repaired row by row where that is configured, without a trace in the binary log", async () => {
    const own = await pair.green.sessionWithoutBinlog();
    for (const { table } of tables.filter(({ name }) => definitionsOnly.includes(name)))
      await own.run("DROP TABLE ??.??", [spoiledDatabase, table]);
    const session = await pair.blue.sessionWithoutBinlog();
    for (const { table } of tables.filter(({ name }) => definitionsOnly.includes(name)))
      await session.run("DROP TABLE ??.??", [spoiledDatabase, table]);
    const before = await positions(pair.green);
    const mended = await result({ repair: true });
    expect(mended).toMatchObject({ ok: true, differing: [] });
    expect(mended?.repaired).toBeGreaterThan(600);
    expect((await positions(pair.green)).binlog).toBe(before.binlog);
    expect(await result()).toMatchObject({ ok: true });
  });

  test("is left alone where something other than rows differs", async () => {
    await corrupt("CREATE TABLE spoiled.stray (id INT)");
    await expect(verify(pair.blue, pair.green, spoiledDatabase, { repair: true })).rejects.toMatchObject({
      code: "VERIFY_NOT_REPAIRABLE",
    });
    await corrupt("DROP TABLE spoiled.stray");
    await corrupt(
      "CREATE TRIGGER spoiled.act BEFORE INSERT ON spoiled.spoiled_18 FOR EACH ROW SET NEW.a = 'x'",
      "DELETE FROM spoiled.spoiled_18 WHERE id = 7",
    );
    await expect(verify(pair.blue, pair.green, spoiledDatabase, { repair: true })).rejects.toMatchObject({
      code: "VERIFY_NOT_REPAIRABLE",
      found: expect.stringContaining("trigger"),
    });
    await corrupt("DROP TRIGGER spoiled.act");
    expect(await result({ repair: true })).toMatchObject({ ok: true, repaired: 1 });
  });
});

test("tables in many ranges are compared completely, and a wiki's are counted", async () => {
  const { blue, green, database } = pair;
  const session = await blue.open({ database });
  await session.run(
    "CREATE TABLE revision (rev_id BIGINT UNSIGNED PRIMARY KEY, body VARBINARY(2000) NOT NULL)",
  );
  await session.run("INSERT INTO revision SELECT seq * 3, REPEAT(MD5(seq), 40) FROM seq_1_to_12000");
  await session.run("CREATE TABLE cache (keyname VARBINARY(255) PRIMARY KEY, value MEDIUMBLOB NOT NULL)");
  await session.run(
    "INSERT INTO cache SELECT CONCAT('wiki:', SHA1(seq)), REPEAT(MD5(seq), 40) FROM seq_1_to_12000",
  );
  for (const table of ["revision", "cache"]) await session.run("ANALYZE TABLE ??", [table]);
  await session.close();
  await caughtUp();
  const whole = await verify(blue, green, database);
  expect(whole.wiki).toContainEqual({
    table: "revision",
    rows: { primary: "12000", replica: "12000" },
    newest: { primary: "36000", replica: "36000" },
  });
  await corrupt(
    "UPDATE {db}.revision SET body = CONCAT('z', SUBSTR(body, 2)) WHERE rev_id IN (3, 18000, 36000)",
    "INSERT INTO {db}.revision VALUES (4000000000, 'beyond')",
    "DELETE FROM {db}.cache ORDER BY keyname LIMIT 1",
    "DELETE FROM {db}.cache ORDER BY keyname DESC LIMIT 1",
  );
  await mismatch();
  const { differing = [] } = (await lastVerification(green)) ?? {};
  const of = (name: string) => differing.find(({ table }) => table === name);
  expect(
    of("revision")
      ?.rows?.map(({ row }) => row)
      .sort(),
  ).toEqual(["rev_id 18000", "rev_id 3", "rev_id 36000", "rev_id 4000000000"]);
  expect(of("revision")?.ranges?.length).toBe(3);
  expect(of("revision")?.what[0]).toContain("rows: 12001 instead of 12000");
  expect(of("cache")?.rows?.map(({ how }) => how)).toEqual(["missing", "missing"]);
  expect(of("cache")?.ranges?.length).toBe(2);
  expect(await verify(blue, green, database, { repair: true })).toMatchObject({ ok: true, repaired: 6 });
});

test("the next comparison restarts a replica that a killed one left standing still", async () => {
  const own = await pair.green.sessionWithoutBinlog();
  await own.run("STOP SLAVE");
  await pair.blue.run(`INSERT INTO \`${pair.database}\`.plain VALUES ('later', 'x')`);
  await own.run("START SLAVE UNTIL master_gtid_pos = ?", [(await positions(pair.blue)).binlog]);
  await caughtUp();
  await verify(pair.blue, pair.green, pair.database);
  expect(await replicationStatus(pair.green)).toMatchObject({ cause: undefined, until: "None" });
});

test("replication continues when a comparison fails", async () => {
  await corrupt("RENAME TABLE {db}.plain TO {db}.hidden");
  await mismatch();
  expect((await replicationStatus(pair.green))?.cause).toBeUndefined();
  await corrupt("RENAME TABLE {db}.hidden TO {db}.plain");
});
