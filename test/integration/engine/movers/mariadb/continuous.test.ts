import { Journal } from "../../../../../engine/control/mariadb/journal";
import type { Side } from "../../../../../engine/move";
import type { CutoverContext, FlipResult } from "../../../../../engine/movers/mariadb/cutover/context";
import { cutover } from "../../../../../engine/movers/mariadb/cutover/cutover";
import { waitForGtid } from "../../../../../engine/movers/mariadb/replication/follow";
import { contains, samePosition } from "../../../../../engine/movers/mariadb/replication/gtid";
import { positions } from "../../../../../engine/movers/mariadb/replication/status";
import { ContinuousVerification } from "../../../../../engine/movers/mariadb/verify/continuous/continuous";
import { keepVerifying } from "../../../../../engine/movers/mariadb/verify/continuous/keepVerifying";
import { VerificationTail } from "../../../../../engine/movers/mariadb/verify/continuous/tail";
import { lastVerification } from "../../../../../engine/movers/mariadb/verify/record";
import { verify } from "../../../../../engine/movers/mariadb/verify/verify";
import { Editors } from "../../../../support/editors";
import { type FollowingPair, startFollowingPair } from "../../../../support/followingPair";
import { until } from "../../../../support/until";

let pair: FollowingPair;
let editors: Editors;

const tables = [
  `page (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, title VARBINARY(255) NOT NULL, price DECIMAL(20, 5) NULL,
     at DATETIME(3) NULL, seen TIMESTAMP(6) NULL, t TIME(2) NULL, d DATE NULL, y YEAR NULL, bits BIT(11) NULL,
     kind ENUM('a', 'b') NULL, tags SET('x', 'y', 'z') NULL, weight FLOAT NULL, big DOUBLE NULL,
     shown VARCHAR(200) CHARACTER SET utf8mb4 NULL, small TINYBLOB NULL, body LONGBLOB NULL)`,
  `link (a BIGINT NOT NULL, filler VARCHAR(300) NOT NULL DEFAULT 'x', b SMALLINT NOT NULL, c VARBINARY(400) NOT NULL,
     note INT NOT NULL DEFAULT 0, PRIMARY KEY (a, b, c))`,
  "padded (id BINARY(16) PRIMARY KEY, note INT, other INT NOT NULL DEFAULT 0)",
  "named (name CHAR(200) CHARACTER SET utf8mb4 PRIMARY KEY, note INT, other INT NOT NULL DEFAULT 0)",
  "huge (id BIGINT UNSIGNED PRIMARY KEY, note INT, other INT NOT NULL DEFAULT 0)",
  "middle (id MEDIUMINT PRIMARY KEY, note INT)",
  "dated (day DATE PRIMARY KEY, note INT)",
  "keyless (a VARBINARY(50), b INT)",
  "computed (id INT PRIMARY KEY, a INT, twice INT AS (a * 2) VIRTUAL, kept INT AS (a + 1) STORED)",
  "parent (id INT PRIMARY KEY)",
  "child (id INT PRIMARY KEY, parent INT, FOREIGN KEY (parent) REFERENCES parent (id) ON DELETE CASCADE)",
];

beforeAll(async () => {
  pair = await startFollowingPair();
  const { blue, database } = pair;
  const session = await blue.open({ database });
  for (const table of tables)
    await session.run(`CREATE TABLE ${table} ENGINE = InnoDB DEFAULT CHARSET = binary`);
  await session.run(
    "CREATE TABLE searchindex (si_page INT NOT NULL, si_text TEXT, UNIQUE KEY (si_page)) ENGINE = MyISAM",
  );
  await session.run(
    "CREATE TABLE edit (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, token VARCHAR(40) CHARACTER SET ascii NOT NULL, KEY (token))",
  );
  await session.run("CREATE TABLE counter (id INT PRIMARY KEY, n INT NOT NULL)");
  await session.run("CREATE TABLE elsewhere (id INT PRIMARY KEY)");
  await session.run(
    "INSERT INTO page (title, body) SELECT CONCAT('Title ', seq), REPEAT('x', seq % 70000) FROM seq_1_to_300",
  );
  await session.run(
    "INSERT INTO link SELECT seq, REPEAT('y', seq % 300), CAST(seq AS SIGNED) - 150, CONCAT('c', seq), 0 FROM seq_1_to_300",
  );
  await session.run("INSERT INTO parent SELECT seq FROM seq_1_to_20");
  await session.run("INSERT INTO child SELECT seq, seq FROM seq_1_to_20");
  for (let writer = 0; writer < 4; writer++) await session.run("INSERT INTO counter VALUES (?, 0)", [writer]);
  await session.close();
  await caughtUp();
  editors = await Editors.start(pair, { writers: 4, perSecond: 100 });
  await editors.acknowledges(10);
});

afterAll(async () => {
  await editors?.stop();
  await pair?.stop();
});

async function caughtUp(): Promise<void> {
  expect(await waitForGtid(pair.green, (await positions(pair.blue)).binlog, 20_000)).toBe(true);
}

const primaryNow = (): Side => editors.routed;

async function write(...statements: string[]): Promise<string> {
  const session = await pair[primaryNow()].open({ database: pair.database });
  for (const sql of statements) await session.run(sql);
  await session.close();
  return (await positions(pair[primaryNow()])).binlog;
}

/** Changes the passive side behind replication's back. */
async function corrupt(...statements: string[]): Promise<void> {
  const own = await pair[primaryNow() === "blue" ? "green" : "blue"].open({ database: pair.database });
  await own.run("SET SESSION sql_log_bin = 0");
  for (const sql of statements) await own.run(sql);
  await own.close();
}

/**
 * Compares while the writers pause. Nothing can be said of a row that is changed again meanwhile, and the writers
 * change rows all the time: on a slow machine a comparison beside them would succeed by luck alone.
 */
async function atRest<T>(work: () => Promise<T>): Promise<T> {
  await editors.hold();
  try {
    return await work();
  } finally {
    await editors.release();
  }
}

async function following(): Promise<ContinuousVerification> {
  const whole = await verify(pair.blue, pair.green, pair.database);
  return await ContinuousVerification.begin(pair.blue, pair.green, pair.database, whole.gtid);
}

test("rows of tables with every kind of key are compared after they have changed", async () => {
  const continuous = await following();
  try {
    const before = continuous.rows;
    const gtid = await write(
      `INSERT INTO page (title, price, at, seen, t, d, y, bits, kind, tags, weight, big, shown, small, body) VALUES
        ('new', -12345.678, '2024-02-29 12:00:00.123', '2024-02-29 12:00:00.123456', '-12:34:56.78', '2024-01-01', 2024,
         5, 'b', 'x,z', 1.5, 2.5, 'ünï 🚢', 'small', REPEAT('z', 100000))`,
      "UPDATE page SET title = CONCAT(title, '!') WHERE id <= 20",
      "DELETE FROM page WHERE id = 300",
      "UPDATE link SET c = CONCAT(c, '?'), note = 1 WHERE a <= 20",
      "INSERT INTO padded (id, note) VALUES ('short', 1), (REPEAT('l', 16), 2)",
      "UPDATE padded SET note = 3 WHERE id LIKE 'short%'",
      "INSERT INTO named (name, note) VALUES ('Ünï', 1), (REPEAT('🚢', 100), 2)",
      "INSERT INTO huge (id, note) VALUES (18446744073709551615, 1), (0, 2)",
      "INSERT INTO middle VALUES (-8388608, 1), (8388607, 2)",
      "INSERT INTO dated VALUES ('2024-01-01', 1)",
      "INSERT INTO keyless VALUES ('a', 1), ('a', 1)",
      "INSERT INTO computed (id, a) VALUES (1, 2)",
      "DELETE FROM parent WHERE id = 3",
      "INSERT INTO searchindex VALUES (1, 'word')",
    );
    expect(await atRest(() => continuous.upTo(gtid, 60_000))).toBe(true);
    expect(continuous.rows - before).toBeGreaterThan(60);
  } finally {
    await continuous.end();
  }
});

test("a schema change is followed", async () => {
  const continuous = await following();
  try {
    const gtid = await write(
      "CREATE TABLE later (id INT PRIMARY KEY, a INT)",
      "INSERT INTO later VALUES (1, 1)",
      "ALTER TABLE later ADD COLUMN first INT NOT NULL DEFAULT 7 FIRST",
      "INSERT INTO later VALUES (8, 2, 2)",
      "TRUNCATE TABLE searchindex",
      "RENAME TABLE later TO evenLater",
      "INSERT INTO evenLater VALUES (9, 3, 3)",
      "DROP TABLE evenLater",
    );
    expect(await atRest(() => continuous.upTo(gtid, 60_000))).toBe(true);
  } finally {
    await continuous.end();
  }
});

test.each<[kind: string, spoil: string, change: string, named: RegExp]>([
  [
    "a row with a key of three columns",
    "UPDATE link SET note = 9 WHERE a = 33",
    "UPDATE link SET filler = 'changed' WHERE a = 33",
    /link \(a 33, b -117, c c33\)/,
  ],
  [
    "a row with a key that is filled up",
    "UPDATE padded SET note = 9 WHERE id LIKE 'short%'",
    "UPDATE padded SET other = 1 WHERE id LIKE 'short%'",
    /padded \(id 0x73686F7274(00){11}\)/,
  ],
  [
    "a row with a text for its key",
    "UPDATE named SET note = 9 WHERE name = 'Ünï'",
    "UPDATE named SET other = 1 WHERE name = 'Ünï'",
    /named \(name Ünï\)/,
  ],
  [
    "a row with the highest number for its key",
    "UPDATE huge SET note = 9 WHERE id > 9",
    "UPDATE huge SET other = 1 WHERE id > 9",
    /huge \(id 18446744073709551615\)/,
  ],
  [
    "a table without a key",
    "INSERT INTO keyless VALUES ('stray', 7)",
    "INSERT INTO keyless VALUES ('other', 8)",
    /keyless/,
  ],
])("%s that has changed and differs is found", async (_kind, spoil, change, named) => {
  // An update replaces the whole row and so repairs it. So the update comes first.
  const whole = await verify(pair.blue, pair.green, pair.database);
  const gtid = await write(change);
  await caughtUp();
  await corrupt(spoil);
  const continuous = await ContinuousVerification.begin(pair.blue, pair.green, pair.database, whole.gtid);
  try {
    await expect(continuous.upTo(gtid, 30_000)).rejects.toMatchObject({
      code: "VERIFY_MISMATCH",
      found: expect.stringMatching(named),
    });
    expect(continuous.differingTables).toHaveLength(1);
  } finally {
    await continuous.end();
    await verify(pair.blue, pair.green, pair.database, { repair: true });
  }
});

test("runs until it is ended, and records its progress on both", async () => {
  const whole = await verify(pair.blue, pair.green, pair.database);
  const ending = new AbortController();
  const said: string[] = [];
  const kept = keepVerifying(pair.blue, pair.green, pair.database, {
    everyMs: 200,
    signal: ending.signal,
    report: ({ message }) => said.push(message),
  });
  const gtid = await write("UPDATE page SET title = 'watched' WHERE id = 60");
  const recorded = async () => contains((await lastVerification(pair.green))?.gtid ?? "", gtid);
  await atRest(() => until("recorded", recorded));
  ending.abort();
  await kept;
  for (const side of ["blue", "green"] as const) {
    const last = await lastVerification(pair[side]);
    expect(last).toMatchObject({ ok: true, whole: whole.gtid, tables: whole.tables });
    expect(Number(last?.changedRows)).toBeGreaterThan(0);
    expect(last?.gtid).not.toBe(whole.gtid);
  }
  expect(said[0]).toMatch(/^the same up to 0-1-\d+, \d+ changed rows compared/);
});

test("a binary log that no longer exists is no difference, only the end of the comparison", async () => {
  const whole = await verify(pair.blue, pair.green, pair.database);
  await write(
    "INSERT INTO keyless VALUES ('then', 1)",
    "FLUSH BINARY LOGS",
    "INSERT INTO keyless VALUES ('now', 1)",
  );
  await caughtUp();
  const newest = await pair.blue.rows<{ Log_name: string }>("SHOW BINARY LOGS");
  await pair.blue.run("PURGE BINARY LOGS TO ?", [newest.at(-1)?.Log_name]);
  const continuous = await ContinuousVerification.begin(pair.blue, pair.green, pair.database, whole.gtid);
  try {
    expect(await continuous.upTo((await positions(pair.blue)).binlog, 5_000)).toBe(false);
    const why = await continuous.finish((await positions(pair.blue)).binlog);
    expect(why).toContain("binary log");
  } finally {
    await continuous.end();
  }
});

function context(tail: VerificationTail, changes: Partial<CutoverContext> = {}): CutoverContext {
  return {
    servers: { blue: pair.blue, green: pair.green },
    database: pair.database,
    appUser: "wikiuser",
    replicationPassword: pair.replicationPassword,
    limits: { ...pair.spec.cutover, maxLagMs: 500, lagStableMs: 500, attemptMs: 20_000 },
    controls: editors,
    verification: tail,
    journal: new Journal(pair.green),
    holder: `test:${process.pid}:${Math.random()}`,
    report: () => {},
    findBlockers: async () => [],
    ...changes,
  };
}

async function flip(changes: Partial<CutoverContext> = {}, pauseMs = 5_000): Promise<FlipResult> {
  const from = primaryNow();
  const to = from === "blue" ? "green" : "blue";
  const tail = new VerificationTail({ blue: pair.blue, green: pair.green }, pair.database, { pauseMs });
  try {
    return await cutover(context(tail, changes), { from, to });
  } finally {
    await tail.end();
  }
}

test("a flip in each direction is verified to the fence's GTID, under writes", async () => {
  await verify(pair.blue, pair.green, pair.database);
  for (let n = 0; n < 4; n++) {
    await editors.acknowledges(50);
    const result = await flip();
    console.log(
      `verified ${result.verified?.rows} rows to ${result.verifiedTo}, the last in ${result.verified?.ms} ms; write pause ${result.writePauseMs} ms; ${result.steps.map(({ name, ms }) => `${name} ${ms}`).join(", ")}`,
    );
    expect(result.verified).toMatchObject({ complete: true, why: "" });
    expect(samePosition(result.verifiedTo, result.fenceGtid)).toBe(true);
    expect(result.verified?.rows).toBeGreaterThan(30);
    for (const side of ["blue", "green"] as const)
      expect(await lastVerification(pair[side])).toMatchObject({ ok: true, gtid: result.verifiedTo });
  }
});

test("a difference in the most recent changes undoes the attempt, and no flip is possible until everything is compared", async () => {
  await write("UPDATE page SET shown = 'before' WHERE id = 50");
  await verify(pair.blue, pair.green, pair.database);
  const controls = new Proxy(editors, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return async (...args: unknown[]) => {
        if (name === "drain") {
          await write("UPDATE page SET title = 'last change' WHERE id = 50");
          await caughtUp();
          await corrupt("UPDATE page SET shown = 'spoiled' WHERE id = 50");
        }
        return value.apply(target, args);
      };
    },
  });
  await expect(flip({ controls })).rejects.toMatchObject({
    code: "VERIFY_MISMATCH",
    found: expect.stringContaining("page (id 50)"),
  });
  expect(editors.isHeld).toBe(false);
  await editors.acknowledges(20);
  expect(await pair[primaryNow()].value("SELECT @@GLOBAL.read_only")).toBe("0");
  for (const side of ["blue", "green"] as const)
    expect(await lastVerification(pair[side])).toMatchObject({ ok: false, differing: [{ table: "page" }] });
  const mended = await verify(pair.blue, pair.green, pair.database, { repair: true });
  expect(mended).toMatchObject({ ok: true, repaired: 1 });
});

test("what can't be compared while writes wait delays none of them: the flip is made and reports it", async () => {
  await write("INSERT INTO keyless SELECT REPEAT('k', 50), seq FROM seq_1_to_80000", "ANALYZE TABLE keyless");
  const controls = new Proxy(editors, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return async (...args: unknown[]) => {
        if (name === "drain") await write("INSERT INTO keyless VALUES ('last', 1)");
        return value.apply(target, args);
      };
    },
  });
  const result = await flip({ controls });
  expect(result.alreadyThere).toBe(false);
  expect(result.verified).toMatchObject({
    complete: false,
    why: expect.stringContaining("keyless can only"),
  });
  expect(result.verifiedTo).not.toBe(result.fenceGtid);
});
