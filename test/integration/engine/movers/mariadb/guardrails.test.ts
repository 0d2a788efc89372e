import { releaseLease } from "../../../../../engine/control/mariadb/lease";
import type { Finding, Severity } from "../../../../../engine/finding";
import {
  armWatchdog,
  disarmWatchdog,
  readWatchdog,
} from "../../../../../engine/movers/mariadb/fencing/watchdog";
import { freeBytesOnBlue } from "../../../../../engine/movers/mariadb/preflight/freeBytes";
import { type FlipQuestion, flipGuardrails } from "../../../../../engine/movers/mariadb/preflight/guardrails";
import { follow, stopFollowing, waitForGtid } from "../../../../../engine/movers/mariadb/replication/follow";
import { positions } from "../../../../../engine/movers/mariadb/replication/status";
import { recordVerification } from "../../../../../engine/movers/mariadb/verify/record";
import { flipOutlook } from "../../../../../engine/operations/preflight/outlook";
import { type ReplicatedServer, Server, type Session } from "../../../../../engine/runtime/mariadb/server";
import { acquireLease } from "../../../../support/acquireLease";
import { type FollowingPair, startFollowingPair } from "../../../../support/followingPair";
import { eventually } from "../../../../support/mariadb";
import { fillWiki } from "../../../../support/mariadbContent";

let pair: FollowingPair;
const own = "guardrails:test";
/** Plenty, whatever the machine has. */
let free = 1024 ** 4;
const opened: Session[] = [];

const limits = { longTransactionMs: 500, verificationMaxAgeMs: 600_000 };

const ask = (change: Partial<FlipQuestion> = {}) =>
  flipGuardrails({
    primary: pair.blue,
    replica: pair.green,
    database: pair.database,
    tablePrefix: "",
    appUser: "wikiuser",
    limits,
    holder: own,
    freeBytes: async () => free,
    ...change,
  });

/** All findings that are not fine. */
async function amiss(change?: Partial<FlipQuestion>): Promise<Finding[]> {
  return (await ask(change)).filter(({ severity }) => severity !== "pass");
}

const told = (findings: readonly Finding[]) => findings.map(({ code, severity }) => `${severity} ${code}`);

/** A session that ends with the test, and what it holds with it. */
async function openSession(
  server: ReplicatedServer,
  user?: { name: string; password: string },
): Promise<Session> {
  const session = user
    ? await pair.serverAt({ ...server.place, adminUser: user.name }, user.password).open()
    : await server.open();
  opened.push(session);
  return session;
}

/** Statements on one server only, outside of the stream. */
async function alone(server: Server, ...statements: string[]): Promise<void> {
  const session = await server.sessionWithoutBinlog();
  for (const sql of statements) await session.run(sql);
}

async function arrived(): Promise<void> {
  expect(await waitForGtid(pair.green, (await positions(pair.blue)).binlog, 60_000)).toBe(true);
}

async function verified(ok = true): Promise<void> {
  const result = { ok, gtid: "0-1-1", tables: 3, rows: "9", ms: 5, differing: [] };
  await recordVerification(pair.green, result);
}

/**
 * The problem is reported with a remedy, and once it is fixed nothing is.
 * @param again Whether to cause it again before each look, because something may fix it meanwhile.
 */
async function expectFound(
  code: string,
  severity: Severity,
  provoke: () => Promise<unknown>,
  mend: () => Promise<unknown>,
  { again = false } = {},
): Promise<Finding> {
  await provoke();
  let finding: Finding | undefined;
  try {
    finding = await eventually(
      async () => {
        if (again) await provoke();
        const found = await amiss();
        const match = found.find((other) => other.code === code);
        if (!match) throw new Error(`found ${told(found).join(", ") || "nothing"}`);
        return match;
      },
      10_000,
      code,
    );
    expect(finding.severity).toBe(severity);
    expect(finding.remedy).not.toBe("");
    expect(finding.found).not.toMatch(/undefined|NaN|\[object/);
  } finally {
    await mend();
  }
  await expectNothing();
  return finding as Finding;
}

/** The dead man's switch would fix it within a second, noticed or not; a run of it that is under way still does. */
async function withoutTheSwitch(server: Server, statement: string): Promise<void> {
  await alone(server, "ALTER EVENT wikiferry.rule DISABLE", statement);
}

async function expectNothing(): Promise<void> {
  await eventually(
    async () => {
      const found = await amiss();
      if (found.length > 0) throw new Error(found.map(({ code, found }) => `${code}: ${found}`).join("; "));
    },
    15_000,
    "nothing amiss",
  );
}

const refollow = async () => {
  await stopFollowing(pair.green);
  await follow(pair.green, pair.blue, pair.replicationPassword);
};

beforeAll(async () => {
  pair = await startFollowingPair();
  const { blue } = pair;
  await fillWiki(blue, pair.database, { pages: 20 });
  await blue.run("DROP EVENT wikidb.ticking");
  await blue.run("DROP TABLE wikidb.keyless, wikidb.tick");
  await blue.run("CREATE TABLE wikidb.job (job_id INT PRIMARY KEY AUTO_INCREMENT, job_cmd VARBINARY(60))");
  await arrived();
  await verified();
  // A server of the move starts closed.
  await alone(blue, "SET GLOBAL read_only = 0");
  for (const server of [pair.blue, pair.green]) await armWatchdog(server);
  // The switch's first run comes within a second.
  await expectNothing();
}, 180_000);

afterEach(() => {
  for (const session of opened.splice(0)) session.destroy();
});

afterAll(() => pair?.stop());

test("a healthy pair passes everywhere, and each check is reported", async () => {
  const started = performance.now();
  const findings = await ask();
  console.log(`${findings.length} guardrails in ${Math.round(performance.now() - started)} ms`);
  expect(findings.filter(({ severity }) => severity !== "pass")).toEqual([]);
  for (const family of ["PRIMARY_", "REPL_", "WORK_", "SCHEMA_", "RIGHTS_", "CTRL_", "VERIFY_", "APP_"])
    expect(findings.map(({ code }) => code)).toContainEqual(expect.stringMatching(family));
});

test("short edits on the primary, and their arrival on the replica, block nothing", async () => {
  let editing = true;
  const editors = Array.from({ length: 4 }, async (_, editor) => {
    const session = await pair.blue.open();
    while (editing)
      await session.run("UPDATE wikidb.page SET page_touched = '20261121000001' WHERE page_id % 4 = ?", [
        editor,
      ]);
    await session.close();
  });
  const times: number[] = [];
  // One commit takes a while where the disk is busy; all of them together take longer than what counts as too long for
  // one.
  const patient = { ...limits, longTransactionMs: 4_000 };
  const end = performance.now() + 1.5 * patient.longTransactionMs;
  try {
    while (performance.now() < end) {
      const started = performance.now();
      expect(told(await amiss({ limits: patient }))).toEqual([]);
      times.push(Math.round(performance.now() - started));
    }
  } finally {
    editing = false;
    await Promise.all(editors);
  }
  console.log(`sweeps under load: ${times.join(", ")} ms`);
  await arrived();
});

test("nothing is written, on either side", async () => {
  const state = () =>
    Promise.all(
      [pair.blue, pair.green].map((server) =>
        server.row(
          "SELECT @@gtid_binlog_pos, @@read_only, (SELECT COUNT(*) FROM information_schema.tables) AS tables",
        ),
      ),
    );
  const before = await state();
  await ask();
  expect(await state()).toEqual(before);
});

describe("primary and stream", () => {
  test("PRIMARY_READ_ONLY: something closed the primary", () =>
    expectFound(
      "PRIMARY_READ_ONLY",
      "block",
      () => withoutTheSwitch(pair.blue, "SET GLOBAL read_only = 1"),
      () => alone(pair.blue, "SET GLOBAL read_only = 0", "ALTER EVENT wikiferry.rule ENABLE"),
      { again: true },
    ));

  test("PRIMARY_SECOND_WRITER: something opened the replica", () =>
    expectFound(
      "PRIMARY_SECOND_WRITER",
      "block",
      () => withoutTheSwitch(pair.green, "SET GLOBAL read_only = 0"),
      () => alone(pair.green, "SET GLOBAL read_only = 1", "ALTER EVENT wikiferry.rule ENABLE"),
      { again: true },
    ));

  test("REPL_STOPPED: the replica does not follow", () =>
    expectFound(
      "REPL_STOPPED",
      "block",
      () => alone(pair.green, "STOP SLAVE"),
      () => alone(pair.green, "START SLAVE"),
    ));

  test.each([
    ["REPL_SOURCE", "MASTER_HOST = 'elsewhere'"],
    ["REPL_GTID", "MASTER_USE_GTID = current_pos"],
    ["REPL_TLS", "MASTER_SSL_VERIFY_SERVER_CERT = 0"],
    ["REPL_DELAYED", "MASTER_DELAY = 30"],
  ])("%s: the stream was set up differently, %s", (code, change) =>
    expectFound(
      code,
      "block",
      () => alone(pair.green, "STOP SLAVE", `CHANGE MASTER TO ${change}`, "START SLAVE"),
      async () => {
        await alone(pair.green, "STOP SLAVE", "CHANGE MASTER TO MASTER_DELAY = 0");
        await refollow();
      },
    ),
  );

  test("REPL_FILTERED: the replica leaves something out", () =>
    expectFound(
      "REPL_FILTERED",
      "block",
      () =>
        alone(
          pair.green,
          "STOP SLAVE",
          "SET GLOBAL replicate_ignore_table = 'wikidb.nothing'",
          "START SLAVE",
        ),
      () => alone(pair.green, "STOP SLAVE", "SET GLOBAL replicate_ignore_table = ''", "START SLAVE"),
    ));

  test("REPL_OTHER_SOURCE: the replica follows a third server, too", () =>
    expectFound(
      "REPL_OTHER_SOURCE",
      "block",
      () => alone(pair.green, "CHANGE MASTER 'third' TO MASTER_HOST = '127.0.0.1', MASTER_PORT = 9"),
      () => alone(pair.green, "RESET SLAVE 'third' ALL"),
    ));

  test("REPL_RING: the primary follows the replica", () =>
    expectFound(
      "REPL_RING",
      "block",
      () => alone(pair.blue, "CHANGE MASTER TO MASTER_HOST = 'green-db', MASTER_PORT = 3306"),
      () => alone(pair.blue, "RESET SLAVE ALL"),
    ));

  test("REPL_OTHER_REPLICA: a third server follows the primary", async () => {
    await expectFound(
      "REPL_OTHER_REPLICA",
      "warn",
      () => thirdServer.start(),
      () => thirdServer.stop(),
    );
  });

  test("PRIMARY_LAG: the replica is far behind", async () => {
    const holder = await openSession(pair.green);
    await expectFound(
      "PRIMARY_LAG",
      "warn",
      async () => {
        await holder.run("LOCK TABLES wikiferry.heartbeat WRITE");
        await pair.blue.run(
          "BEGIN NOT ATOMIC FOR i IN 1..1100 DO UPDATE wikiferry.heartbeat SET beat = beat + 1; END FOR; END",
        );
      },
      async () => {
        await holder.run("UNLOCK TABLES");
        await arrived();
      },
    );
  });

  test("REPL_ERRANT_GTID: something wrote on the replica", () =>
    expectFound(
      "REPL_ERRANT_GTID",
      "block",
      () => pair.green.run("UPDATE wikidb.page SET page_random = 0.5 WHERE page_id = 1"),
      async () => {
        const gtid = (await positions(pair.blue)).binlog;
        await stopFollowing(pair.green);
        await alone(pair.green, "RESET MASTER", `SET GLOBAL gtid_slave_pos = '${gtid}'`);
        await follow(pair.green, pair.blue, pair.replicationPassword);
      },
    ));
});

/** Another MariaDB on blue's host, which follows blue. */
const thirdServer = {
  async start(): Promise<void> {
    await pair.blue.run("CREATE USER third@localhost IDENTIFIED BY 'third'");
    await pair.blue.run("GRANT REPLICATION SLAVE ON *.* TO third@localhost");
    await pair.onBlue(`set -e; d=/var/lib/mysql-third; install -d -o mysql -g mysql $d
      mariadb-install-db --no-defaults --user=mysql --datadir=$d --skip-test-db --skip-name-resolve >/dev/null
      nohup mariadbd --no-defaults --user=mysql --datadir=$d --socket=/tmp/third.sock --skip-networking --server-id=77 \\
        --innodb-buffer-pool-size=16M --performance-schema=0 >/tmp/third.log 2>&1 & echo $! >/tmp/third.pid`);
    const gtid = (await positions(pair.blue)).binlog;
    await eventually(
      () =>
        pair.onBlue(
          `mariadb --no-defaults --socket=/tmp/third.sock -e "SET GLOBAL gtid_slave_pos = '${gtid}'; CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_USER = 'third', MASTER_PASSWORD = 'third', MASTER_USE_GTID = slave_pos; START SLAVE"`,
        ),
      30_000,
      "the third server",
    );
  },
  async stop(): Promise<void> {
    await pair.onBlue("kill $(cat /tmp/third.pid); rm -f /tmp/third.pid");
    await pair.blue.run("DROP USER third@localhost");
    // Its stream's thread on blue ends when it next has something to send.
    await eventually(
      async () => {
        await pair.blue.run("UPDATE wikiferry.heartbeat SET beat = beat + 1");
        const left = await pair.blue.rows<{ Server_id: number }>("SHOW SLAVE HOSTS");
        if (left.some(({ Server_id }) => Number(Server_id) === 77)) throw new Error("still there");
      },
      20_000,
      "the third server's end",
    );
  },
};

describe("settings", () => {
  const global = (server: "blue" | "green", name: string, value: string | number) => async () => {
    const session = await pair[server].sessionWithoutBinlog();
    const before = await session.value(`SELECT @@GLOBAL.${name}`);
    undo = async () => {
      const old = /^\d+$/.test(before ?? "") ? Number(before) : before;
      await session.run(`SET GLOBAL ${name} = ?`, [old]);
    };
    await session.run(`SET GLOBAL ${name} = ?`, [value]);
  };
  let undo = async () => {};

  test.each([
    ["REPL_FORMAT", "block", "blue", "binlog_format", "MIXED"],
    ["REPL_FORMAT", "block", "green", "binlog_row_image", "MINIMAL"],
    ["BINLOG_RETENTION", "block", "green", "binlog_expire_logs_seconds", 3600],
    ["REPL_GTID", "block", "blue", "gtid_strict_mode", 0],
    ["REPL_GTID", "block", "green", "gtid_domain_id", 7],
    ["REPL_SERVER_ID", "block", "green", "server_id", 1],
    ["REPL_DURABILITY", "block", "blue", "sync_binlog", 0],
    ["REPL_DURABILITY", "block", "green", "innodb_flush_log_at_trx_commit", 2],
    ["SCHEMA_SQL_MODE", "block", "green", "sql_mode", "ANSI_QUOTES"],
    ["SCHEMA_PACKET", "warn", "green", "max_allowed_packet", 1024 * 1024],
    ["SCHEMA_SETTINGS", "warn", "green", "tx_isolation", "READ-COMMITTED"],
    ["SCHEMA_SETTINGS", "warn", "blue", "auto_increment_increment", 2],
  ] as const)("%s (%s): %s has %s = %s", async (code, severity, side, name, value) => {
    const finding = await expectFound(code, severity, global(side, name, value), () => undo());
    expect(finding.found).toMatch(new RegExp(`${side}|both sides`));
  });

  test("REPL_LENIENT: the replica ignores errors", () =>
    expectFound(
      "REPL_LENIENT",
      "block",
      () => alone(pair.green, "STOP SLAVE", "SET GLOBAL slave_exec_mode = 'IDEMPOTENT'", "START SLAVE"),
      () => alone(pair.green, "STOP SLAVE", "SET GLOBAL slave_exec_mode = 'STRICT'", "START SLAVE"),
    ));

  test("SCHEMA_CHARSET: new tables would be defined differently", () =>
    expectFound(
      "SCHEMA_CHARSET",
      "block",
      () => alone(pair.green, "ALTER DATABASE wikidb CHARACTER SET utf8mb4"),
      () => alone(pair.green, "ALTER DATABASE wikidb CHARACTER SET binary"),
    ));

  test("what only a restart changes: the log switched off, its filters, names; and a host that is not in UTC", async () => {
    const file = "/etc/mysql/mariadb.conf.d/99-zz-test.cnf";
    const restart = async () => {
      await pair.blue.close();
      await pair.onBlue("service mariadb restart");
      await eventually(() => alone(pair.blue, "SET GLOBAL read_only = 0"), 30_000, "blue's MariaDB");
    };
    await pair.onBlue(`cat >${file} <<'END'
[mysqld]
binlog_ignore_db = nothing
log_slave_updates = 0
lower_case_table_names = 1
[mysqld_safe]
timezone = EST5EDT
END`);
    try {
      await restart();
      expect(await pair.blue.value("SELECT @@system_time_zone")).toBe("EST");
      const writer = await openSession(pair.blue);
      expect(told(await amiss())).not.toContain("block WORK_LONG_TRANSACTION");
      await writer.run("START TRANSACTION");
      await writer.run("UPDATE wikidb.page SET page_random = 0.25 WHERE page_id = 1");
      const findings = await eventually(
        async () => {
          const found = told(await amiss());
          if (!found.includes("block WORK_LONG_TRANSACTION")) throw new Error(found.join(", "));
          return found;
        },
        10_000,
        "the long transaction",
      );
      expect(findings).toEqual(
        expect.arrayContaining([
          "block REPL_BINLOG_FILTERED",
          "block REPL_BINLOG_OFF",
          "block SCHEMA_CASE",
          "warn SCHEMA_SETTINGS",
        ]),
      );
      writer.destroy();
    } finally {
      await pair.onBlue(`rm -f ${file}`);
      await restart();
    }
    await expectNothing();
  });
});

describe("work under way", () => {
  test("WORK_LONG_TRANSACTION: someone keeps writing", async () => {
    const session = await openSession(pair.blue);
    await expectFound(
      "WORK_LONG_TRANSACTION",
      "block",
      async () => {
        await session.run("START TRANSACTION");
        await session.run("UPDATE wikidb.page SET page_touched = '20261121000002' WHERE page_id = 1");
      },
      () => session.run("ROLLBACK"),
    );
  });

  test.each([
    ["blue", "LOCK TABLES wikidb.page WRITE"],
    ["blue", "LOCK TABLES wikidb.page READ"],
    ["green", "LOCK TABLES wikidb.page WRITE"],
  ] as const)("WORK_TABLE_LOCK: an idle session on %s locks a table with %s", async (side, sql) => {
    const session = await openSession(pair[side]);
    const finding = await expectFound(
      "WORK_TABLE_LOCK",
      "block",
      () => session.run(sql),
      () => session.run("UNLOCK TABLES"),
    );
    expect(finding.found).toContain("wikidb.page");
  });

  test("WORK_TABLE_LOCK: not for a lock that is gone at the second look, as after a search", async () => {
    const session = await openSession(pair.blue);
    const { rows } = Server.prototype;
    const refused: number[] = [];
    const spy = jest.spyOn(Server.prototype, "rows").mockImplementation(async function (
      this: Server,
      sql,
      values,
    ) {
      const isFirstLook = this.side === "blue" && refused.length === 0;
      if (isFirstLook && sql.startsWith("SHOW OPEN TABLES"))
        await session.run("LOCK TABLES wikidb.page WRITE");
      try {
        return (await rows.call(this, sql, values)) as never;
      } catch (error) {
        if (isFirstLook && sql.endsWith("FOR UPDATE")) {
          refused.push((error as { errno: number }).errno);
          await session.run("UNLOCK TABLES");
        }
        throw error;
      }
    });
    try {
      expect(await amiss()).toEqual([]);
    } finally {
      spy.mockRestore();
    }
    expect(refused).toEqual([1205]);
  });

  test.each([
    [["FLUSH TABLES WITH READ LOCK"], "UNLOCK TABLES"],
    [["BACKUP STAGE START", "BACKUP STAGE FLUSH", "BACKUP STAGE BLOCK_DDL"], "BACKUP STAGE END"],
    [
      ["BACKUP STAGE START", "BACKUP STAGE FLUSH", "BACKUP STAGE BLOCK_DDL", "BACKUP STAGE BLOCK_COMMIT"],
      "BACKUP STAGE END",
    ],
  ])("WORK_BACKUP: a backup holds the server, by %s", async (stages, end) => {
    const session = await openSession(pair.blue);
    await expectFound(
      "WORK_BACKUP",
      "block",
      async () => {
        for (const stage of stages) await session.run(stage);
      },
      () => session.run(end),
    );
  });

  test("WORK_DDL: a schema change waits for a reader", async () => {
    const reader = await openSession(pair.blue);
    const altering = await openSession(pair.blue);
    let change: Promise<unknown> = Promise.resolve();
    await expectFound(
      "WORK_DDL",
      "block",
      async () => {
        await reader.run("START TRANSACTION");
        await reader.rows("SELECT * FROM wikidb.text LIMIT 1");
        change = altering.run("ALTER TABLE wikidb.text ADD COLUMN extra INT");
      },
      async () => {
        await reader.run("ROLLBACK");
        await change;
        await arrived();
      },
    );
  });

  test("WORK_DUMP: a dump reads a table", async () => {
    const dumping = await openSession(pair.blue);
    let reading: Promise<unknown> = Promise.resolve();
    const dump = "SELECT /*!40001 SQL_NO_CACHE */ SLEEP(60) FROM wikidb.page LIMIT 1";
    await expectFound(
      "WORK_DUMP",
      "warn",
      async () => {
        reading = dumping.rows(dump).catch(() => {});
      },
      async () => {
        const find =
          "SELECT id FROM information_schema.PROCESSLIST WHERE INFO LIKE '%SLEEP(60) FROM wikidb.page%'";
        const own = await pair.blue.value(`${find} AND id <> CONNECTION_ID()`);
        await pair.blue.run("KILL QUERY ?", [Number(own)]);
        await reading;
      },
    );
  });

  test("WORK_XA: a prepared transaction without a session", async () => {
    const session = await openSession(pair.blue);
    const finding = await expectFound(
      "WORK_XA",
      "block",
      async () => {
        await session.run("XA START 'lost'");
        await session.run("UPDATE wikidb.page SET page_random = 0.75 WHERE page_id = 2");
        await session.run("XA END 'lost'");
        await session.run("XA PREPARE 'lost'");
        session.destroy();
      },
      async () => {
        // Not before the server has noticed the end of the session.
        await eventually(() => pair.blue.run("XA ROLLBACK 'lost'"), 10_000, "the rollback");
        await arrived();
      },
    );
    expect(finding.found).toContain("lost");
  });

  test("APP_JOBS: a long queue", () =>
    expectFound(
      "APP_JOBS",
      "warn",
      async () => {
        await pair.blue.run(
          "INSERT INTO wikidb.job (job_cmd) SELECT 'refreshLinks' FROM wikidb.seq_1_to_1500",
        );
        await arrived();
      },
      async () => {
        await pair.blue.run("DELETE FROM wikidb.job");
        await arrived();
      },
    ));
});

describe("schema and rights", () => {
  const logged =
    (...statements: string[]) =>
    async () => {
      for (const sql of statements) await pair.blue.run(sql);
      await arrived();
    };

  test("SCHEMA_TABLES: a column that only the replica has", () =>
    expectFound(
      "SCHEMA_TABLES",
      "block",
      () => alone(pair.green, "ALTER TABLE wikidb.job MODIFY job_cmd VARBINARY(61)"),
      () => alone(pair.green, "ALTER TABLE wikidb.job MODIFY job_cmd VARBINARY(60)"),
    ));

  test("a schema change under way is no difference", async () => {
    const changes = ["CREATE TABLE wikidb.fresh (id INT PRIMARY KEY)", "DROP TABLE wikidb.fresh"];
    const seen = new Set<string>();
    for (let round = 0; seen.size < changes.length && round < 5; round++)
      for (const sql of changes) {
        await pair.blue.run(sql);
        const began = performance.now();
        const arrival = arrived().then(() => performance.now() - began);
        const found = told(await amiss());
        // If it takes longer it is one: a guardrail waits for half a second.
        if ((await arrival) > 400) continue;
        expect(found).not.toContain("block SCHEMA_TABLES");
        seen.add(sql);
      }
    expect(seen.size).toBe(changes.length);
    await expectNothing();
  });

  test.each([
    [
      "trigger",
      "CREATE DEFINER = wikiuser@'%' TRIGGER wikidb.extra BEFORE INSERT ON wikidb.job FOR EACH ROW SET NEW.job_cmd = 'x'",
      "DROP TRIGGER wikidb.extra",
    ],
    [
      "view",
      "CREATE OR REPLACE DEFINER = wikiuser@'%' VIEW wikidb.titles AS SELECT page_id FROM wikidb.page",
      "CREATE OR REPLACE DEFINER = wikiuser@'%' VIEW wikidb.titles AS SELECT page_title FROM wikidb.page",
    ],
    [
      "function",
      "CREATE OR REPLACE DEFINER = wikiuser@'%' FUNCTION wikidb.one() RETURNS INT DETERMINISTIC RETURN 2",
      "CREATE OR REPLACE DEFINER = wikiuser@'%' FUNCTION wikidb.one() RETURNS INT DETERMINISTIC RETURN 1",
    ],
    [
      "event",
      "CREATE DEFINER = wikiuser@'%' EVENT wikidb.extra ON SCHEDULE EVERY 1 DAY DISABLE DO DELETE FROM wikidb.job",
      "DROP EVENT wikidb.extra",
    ],
  ])("SCHEMA_OBJECTS: another %s on the replica", async (kind, provoke, mend) => {
    const finding = await expectFound(
      "SCHEMA_OBJECTS",
      "block",
      () => alone(pair.green, provoke),
      () => alone(pair.green, mend),
    );
    expect(finding.found).toContain(kind);
  });

  test("SCHEMA_EVENTS: an event that would stay disabled after the flip", () =>
    expectFound(
      "SCHEMA_EVENTS",
      "warn",
      logged(
        "CREATE DEFINER = wikiuser@'%' EVENT wikidb.daily ON SCHEDULE EVERY 1 DAY DO DELETE FROM wikidb.job",
      ),
      logged("DROP EVENT wikidb.daily"),
    ));

  test("SCHEMA_DEFINERS: something runs as an account that the replica does not have", () =>
    expectFound(
      "SCHEMA_DEFINERS",
      "block",
      logged("CREATE DEFINER = wikiadmin@localhost VIEW wikidb.seen AS SELECT 1"),
      logged("DROP VIEW wikidb.seen"),
    ));

  test("STORAGE_ENGINE: rows in a non-transactional table", () =>
    expectFound(
      "STORAGE_ENGINE",
      "block",
      logged(
        "CREATE TABLE wikidb.lost (id INT PRIMARY KEY) ENGINE = MyISAM",
        "INSERT INTO wikidb.lost VALUES (1)",
      ),
      logged("DROP TABLE wikidb.lost"),
    ));

  test("NO_PRIMARY_KEY: rows that nothing identifies", () =>
    expectFound(
      "NO_PRIMARY_KEY",
      "warn",
      logged("CREATE TABLE wikidb.keyless (id INT)", "INSERT INTO wikidb.keyless VALUES (1)"),
      logged("DROP TABLE wikidb.keyless"),
    ));

  test.each(["blue", "green"] as const)(
    "RIGHTS_READ_ONLY_ADMIN: the wiki could write past the fence on %s",
    (side) =>
      expectFound(
        "RIGHTS_READ_ONLY_ADMIN",
        "block",
        () => alone(pair[side], "GRANT READ_ONLY ADMIN ON *.* TO wikiuser@'%'"),
        () => alone(pair[side], "REVOKE READ_ONLY ADMIN ON *.* FROM wikiuser@'%'"),
      ),
  );

  test("RIGHTS_MISSING: the wiki has fewer privileges on the replica", () =>
    expectFound(
      "RIGHTS_MISSING",
      "block",
      () => alone(pair.green, "REVOKE DELETE ON wikidb.* FROM wikiuser@'%'"),
      () => alone(pair.green, "GRANT ALL ON wikidb.* TO wikiuser@'%'"),
    ));

  test("RIGHTS_PRIVILEGED_SESSION and _WRITER: a session that read_only does not stop", async () => {
    await alone(
      pair.blue,
      "CREATE USER boss@localhost IDENTIFIED BY 'boss'",
      "GRANT ALL ON *.* TO boss@localhost",
    );
    try {
      const boss = await openSession(pair.blue, { name: "boss", password: "boss" });
      expect(told(await amiss())).toEqual(["warn RIGHTS_PRIVILEGED_SESSION"]);
      await boss.run("START TRANSACTION");
      await boss.run("UPDATE wikidb.page SET page_random = 0.1 WHERE page_id = 3");
      // InnoDB shows its transactions as they were up to 100 ms ago.
      await eventually(
        async () => expect(told(await amiss())).toContain("block RIGHTS_PRIVILEGED_WRITER"),
        10_000,
        "the writer",
      );
      await boss.run("ROLLBACK");
      boss.destroy();
      await expectNothing();
    } finally {
      await alone(pair.blue, "DROP USER boss@localhost");
    }
  });

  test("RIGHTS_EVENT, RIGHTS_ROUTINE and DB_NEIGHBOURS: what runs with such a privilege in another database", async () => {
    await alone(
      pair.blue,
      "CREATE DATABASE other",
      "CREATE TABLE other.t (id INT)",
      "CREATE DEFINER = wikiadmin@localhost EVENT other.writes ON SCHEDULE EVERY 1 HOUR STARTS NOW() + INTERVAL 1 HOUR DO INSERT INTO other.t VALUES (1)",
      "CREATE DEFINER = wikiadmin@localhost PROCEDURE other.lends() SQL SECURITY DEFINER INSERT INTO other.t VALUES (1)",
    );
    expect(told(await amiss())).toEqual(["block RIGHTS_EVENT", "warn RIGHTS_ROUTINE", "block DB_NEIGHBOURS"]);
    await alone(pair.blue, "DROP DATABASE other");
    await expectNothing();
  });
});

test("a flip by mistake, in the config, is refused with all that forbids it, and nothing is changed", async () => {
  const session = await openSession(pair.blue);
  await session.run("LOCK TABLES wikidb.page READ");
  await alone(pair.green, "UPDATE wikiferry.verification SET finished_at = finished_at - INTERVAL 1 HOUR");
  await alone(pair.green, "STOP SLAVE");
  const before = await Promise.all([positions(pair.blue), positions(pair.green)]);
  const shown = flipOutlook(await ask(), "flip").filter(({ severity }) => severity !== "pass");
  // A run makes it follow again and compares again before it flips. What it can't repair forbids the flip.
  expect(told(shown).sort()).toEqual(["block WORK_TABLE_LOCK", "warn REPL_STOPPED", "warn VERIFY_STALE"]);
  expect(shown.every(({ remedy }) => remedy !== "")).toBe(true);
  expect(await Promise.all([positions(pair.blue), positions(pair.green)])).toEqual(before);
  expect(await pair.blue.value("SELECT @@GLOBAL.read_only")).toBe("0");
  session.destroy();
  await alone(pair.green, "START SLAVE");
  await verified();
  await expectNothing();
});

describe("the move itself", () => {
  test("CTRL_LEASE_HELD: another operator is at work; this run's own lease does not count", async () => {
    const lease = { purpose: "flip", epoch: 1, durationMs: 60_000 };
    await acquireLease(pair.green, { ...lease, holder: own });
    await expectNothing();
    await releaseLease(pair.green, own);
    const finding = await expectFound(
      "CTRL_LEASE_HELD",
      "block",
      () => acquireLease(pair.blue, { ...lease, holder: "someone" }),
      () => releaseLease(pair.blue, "someone"),
    );
    expect(finding.found).toContain("someone");
  });

  test("VERIFY_STALE, VERIFY_MISMATCH, VERIFY_MISSING: nobody knows whether both are the same", async () => {
    const age = "UPDATE wikiferry.verification SET finished_at = finished_at - INTERVAL 1 HOUR";
    await expectFound("VERIFY_STALE", "block", () => alone(pair.green, age), verified);
    await expectFound("VERIFY_MISMATCH", "block", () => verified(false), verified);
    await expectFound(
      "VERIFY_MISSING",
      "block",
      () => alone(pair.green, "DELETE FROM wikiferry.verification"),
      verified,
    );
  });

  test("CTRL_CLOCK: this machine's clock, and theirs", async () => {
    const now = Date.now;
    const ahead = (ms: number) => jest.spyOn(Date, "now").mockImplementation(() => now() + ms);
    try {
      ahead(-3_000);
      expect(told(await amiss())).toEqual(["warn CTRL_CLOCK"]);
      ahead(8_000);
      expect(told(await amiss())).toEqual(["block CTRL_CLOCK"]);
    } finally {
      jest.restoreAllMocks();
    }
    await expectNothing();
  });

  test("CTRL_EVENTS: the dead man's switch would not work", async () => {
    const ticked = () =>
      eventually(
        async () => expect((await readWatchdog(pair.blue)).lastTickMs).toBeLessThan(4_000),
        20_000,
        "the event's next look",
      );
    await ticked();
    await expectNothing();
    for (const [break_, mend] of [
      ["SET GLOBAL event_scheduler = OFF", "SET GLOBAL event_scheduler = ON"],
      ["ALTER EVENT wikiferry.rule DISABLE", "ALTER EVENT wikiferry.rule ENABLE"],
    ] as const) {
      await expectFound(
        "CTRL_EVENTS",
        "block",
        () => alone(pair.blue, break_),
        async () => {
          await alone(pair.blue, mend);
          await ticked();
        },
      );
    }
    await expectFound(
      "CTRL_EVENTS",
      "block",
      () => disarmWatchdog(pair.green),
      async () => {
        await armWatchdog(pair.green);
        await eventually(
          async () => expect((await readWatchdog(pair.green)).lastTickMs).toBeLessThan(4_000),
          20_000,
          "the event's first look",
        );
      },
    );
  });

  test("CTRL_DISK_SPACE: the binary log has no space to grow", async () => {
    const real = await freeBytesOnBlue(pair.blue, pair.ssh, pair.pool);
    expect(real).toBeGreaterThan(1024 ** 2);
    for (const [bytes, severity] of [
      [512 * 1024 ** 2, "warn"],
      [1024 ** 2, "block"],
    ] as const) {
      free = bytes;
      expect(told(await amiss())).toEqual([`${severity} CTRL_DISK_SPACE`]);
    }
    free = 1024 ** 4;
    await expectNothing();
  });

  test("CTRL_SCHEMA: the move's own tables are missing", async () => {
    await alone(pair.green, "RENAME TABLE wikiferry.journal TO wikiferry.journal_away");
    expect(told(await amiss())).toEqual(["block CTRL_SCHEMA"]);
    await alone(pair.green, "RENAME TABLE wikiferry.journal_away TO wikiferry.journal");
    await expectNothing();
  });

  test("a server that does not answer is a finding", async () => {
    const away = pair.serverAt({ ...pair.green.place, admin: { host: "127.0.0.1", port: 9 } }, "x");
    expect(told(await amiss({ replica: away }))).toEqual(["block DB_UNREACHABLE"]);
  });
});
