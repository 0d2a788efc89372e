import { Journal, readJournal } from "../../../../../engine/control/mariadb/journal";
import { ensureReplicationAccount } from "../../../../../engine/movers/mariadb/accounts/accounts";
import {
  catchUpThreads,
  setApplyThreads,
} from "../../../../../engine/movers/mariadb/replication/applyThreads";
import { catchUp } from "../../../../../engine/movers/mariadb/replication/catchUp";
import {
  readDurability,
  relaxDurability,
  restoreDurability,
} from "../../../../../engine/movers/mariadb/replication/durability";
import { follow, waitForGtid } from "../../../../../engine/movers/mariadb/replication/follow";
import { noteSchemaChanges } from "../../../../../engine/movers/mariadb/replication/schemaChanges";
import { positions, replicationStatus } from "../../../../../engine/movers/mariadb/replication/status";
import type { ProgressEvent } from "../../../../../engine/progress";
import { silent } from "../../../../../engine/progress";
import { type FollowingPair, startFollowingPair } from "../../../../support/followingPair";
import { eventually } from "../../../../support/mariadb";
import { until } from "../../../../support/until";

jest.setTimeout(180_000);

/** Statements on one server without its binary log: what should never have happened there. */
async function behindItsBack(pair: FollowingPair, ...statements: string[]): Promise<void> {
  const session = await pair.green.sessionWithoutBinlog();
  for (const statement of statements) await session.run(statement);
}

describe("following, and what stops it", () => {
  let pair: FollowingPair;

  beforeAll(async () => {
    pair = await startFollowingPair();
    await pair.blue.run(
      "CREATE TABLE wikidb.page (page_id INT UNSIGNED PRIMARY KEY AUTO_INCREMENT, page_title VARBINARY(255) NOT NULL, page_len INT NOT NULL DEFAULT 0) ENGINE = InnoDB",
    );
    await pair.blue.run("INSERT INTO wikidb.page (page_title) VALUES ('One'), ('Two'), ('Three')");
    await arrived();
  });
  afterAll(() => pair?.stop());

  const again = () => follow(pair.green, pair.blue, pair.replicationPassword);
  const wait = (report = silent) => catchUp(pair.green, pair.blue, { report, lagMs: 500 });

  async function arrived(): Promise<void> {
    expect(await waitForGtid(pair.green, (await positions(pair.blue)).binlog, 10_000)).toBe(true);
  }

  async function same(table = "page"): Promise<void> {
    const all = `SELECT * FROM wikidb.${table} ORDER BY 1`;
    expect(await pair.green.rows(all)).toEqual(await pair.blue.rows(all));
  }

  /** It is named while it happens and by the next run, which tries the same again. Once fixed, nothing is missing. */
  async function stopsAt(code: string, found: RegExp, mend: () => Promise<unknown>): Promise<void> {
    await eventually(
      async () => {
        if ((await replicationStatus(pair.green))?.cause === undefined) throw new Error("it still runs");
      },
      10_000,
      "the stop",
    );
    const named = { code, found: expect.stringMatching(found), remedy: expect.stringMatching(/\w/) };
    await expect(wait()).rejects.toMatchObject(named);
    await expect(again()).rejects.toMatchObject(named);
    await mend();
    await again();
    await wait();
    await same();
  }

  test("a row that is there already", async () => {
    await behindItsBack(pair, "INSERT INTO wikidb.page VALUES (10, 'Stray', 0)");
    await pair.blue.run("INSERT INTO wikidb.page VALUES (10, 'Ten', 0)");
    await pair.blue.run("INSERT INTO wikidb.page VALUES (11, 'Eleven', 0)");
    await stopsAt("REPL_ROW_DOUBLE", /error 1062 after 0-1-\d+: .*wikidb\.page.*'10'/, () =>
      behindItsBack(pair, "DELETE FROM wikidb.page WHERE page_id = 10"),
    );
  });

  test("a row to change that is not there", async () => {
    await behindItsBack(pair, "DELETE FROM wikidb.page WHERE page_id = 2");
    await pair.blue.run("UPDATE wikidb.page SET page_len = 7 WHERE page_id = 2");
    await stopsAt("REPL_ROW_MISSING", /error 1032 .*wikidb\.page/, () =>
      behindItsBack(pair, "INSERT INTO wikidb.page VALUES (2, 'Two', 0)"),
    );
  });

  test("a schema change that green can't apply, with its statement", async () => {
    await pair.blue.run("CREATE TABLE wikidb.extra (id INT PRIMARY KEY, n INT) ENGINE = InnoDB");
    await wait();
    await behindItsBack(pair, "CREATE INDEX n ON wikidb.extra (n)");
    await pair.blue.run("ALTER TABLE wikidb.extra\n  ADD INDEX n (n)");
    await stopsAt(
      "REPL_DDL",
      /error 1061 .*Duplicate key name 'n' by ALTER TABLE wikidb\.extra ADD INDEX/,
      () => behindItsBack(pair, "DROP INDEX n ON wikidb.extra"),
    );
    await same("extra");
  });

  test("a table that is not there", async () => {
    await behindItsBack(pair, "RENAME TABLE wikidb.page TO wikidb.page_away");
    await pair.blue.run("INSERT INTO wikidb.page (page_title) VALUES ('Where to')");
    await stopsAt("REPL_TABLE_MISSING", /error 1146 .*wikidb\.page/, () =>
      behindItsBack(pair, "RENAME TABLE wikidb.page_away TO wikidb.page"),
    );
  });

  test("a table with another column", async () => {
    await behindItsBack(pair, "ALTER TABLE wikidb.page MODIFY page_len VARCHAR(20)");
    await pair.blue.run("UPDATE wikidb.page SET page_len = 8 WHERE page_id = 3");
    await stopsAt("REPL_TABLE_DIFFERS", /error 1677 .*page_len|error 1677 .*wikidb\.page/, () =>
      behindItsBack(pair, "ALTER TABLE wikidb.page MODIFY page_len INT NOT NULL DEFAULT 0"),
    );
  });

  test("a password that was changed on blue", async () => {
    await ensureReplicationAccount(pair.blue, "another-password");
    const dump = await pair.blue.value(
      "SELECT ID FROM information_schema.processlist WHERE COMMAND = 'Binlog Dump'",
    );
    await pair.blue.run("KILL ?", [Number(dump)]);
    await pair.blue.run("INSERT INTO wikidb.page (page_title) VALUES ('Behind a lock')");
    await stopsAt("REPL_ACCESS_DENIED", /error 1045 /, () =>
      ensureReplicationAccount(pair.blue, pair.replicationPassword),
    );
  });

  test("a certificate of another authority", async () => {
    await pair.green.run("STOP SLAVE");
    await pair.green.run("CHANGE MASTER TO MASTER_SSL_CA = '/etc/ssl/certs/none.pem'");
    await pair.green.run("START SLAVE");
    await pair.blue.run("INSERT INTO wikidb.page (page_title) VALUES ('Unseen')");
    await eventually(
      async () => expect((await replicationStatus(pair.green))?.cause).toBe("REPL_TLS"),
      10_000,
      "the refusal",
    );
    await expect(wait()).rejects.toMatchObject({ code: "REPL_TLS" });
    await again();
    await wait();
    await same();
  });

  test("it reports its progress while it catches up, and ends with the lag", async () => {
    await pair.green.run("STOP SLAVE SQL_THREAD");
    const writing = await pair.blue.open();
    for (let n = 0; n < 1_500; n++) await writing.run("INSERT INTO wikidb.page (page_title) VALUES ('Many')");
    await writing.close();
    // Slow enough to be observed.
    await pair.green.run("SET GLOBAL innodb_flush_log_at_trx_commit = 1");
    await pair.green.run("START SLAVE SQL_THREAD");
    const said: ProgressEvent[] = [];
    const result = await wait((event) => said.push(event));
    expect(result.transactions).toBeGreaterThan(0);
    expect(result.lagMs).toBeLessThanOrEqual(500);
    for (const { message } of said) expect(message).toMatch(/green is \d+ transactions behind/);
    await same();
  });

  test("a schema change on blue is followed, and named in the journal", async () => {
    const journal = new Journal(pair.green);
    const note = () => noteSchemaChanges(pair.green, pair.blue, "wikidb", journal);
    expect(await note()).toEqual([]);
    await pair.blue.run("ALTER TABLE wikidb.page ADD COLUMN page_lang VARBINARY(35)");
    await pair.blue.run("CREATE TABLE wikidb.fresh (id INT PRIMARY KEY) ENGINE = InnoDB");
    await pair.blue.run("RENAME TABLE wikidb.extra TO wikidb.renamed");
    await wait();
    expect((await note()).map(({ kind, table }) => `${table} ${kind}`).sort()).toEqual(
      ["extra renamed", "fresh created", "page altered"].sort(),
    );
    expect(await note()).toEqual([]);
    await pair.blue.run("DROP TABLE wikidb.fresh");
    await wait();
    expect(await note()).toEqual([{ kind: "dropped", table: "fresh", how: [] }]);
    const events = (await readJournal(pair.green)).map(({ event }) => event);
    expect(events).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/followed: table page altered \(column page_lang .* new\)/),
        "followed: table extra renamed to renamed",
        "followed: table fresh dropped",
      ]),
    );
    await same();
  });

  test("durability is relaxed on a replica that was never the primary, and restored for everything it has", async () => {
    expect(await readDurability(pair.green)).toBe("full");
    expect(await relaxDurability(pair.green)).toBe("relaxed");
    expect(await readDurability(pair.green)).toBe("relaxed");
    expect(await relaxDurability(pair.blue)).toBe("full");
    await restoreDurability(pair.green);
    expect(await readDurability(pair.green)).toBe("full");
    await restoreDurability(pair.green);

    const own = await pair.green.sessionWithoutBinlog();
    await own.run("UPDATE wikiferry.role SET epoch = 2");
    expect(await relaxDurability(pair.green)).toBe("full");
    await own.run("UPDATE wikiferry.role SET epoch = 0");
  });

  test("several threads apply while it catches up, and one after the other before a flip", async () => {
    const threads = () => pair.green.value("SELECT @@GLOBAL.slave_parallel_threads");
    await pair.green.run("STOP SLAVE");
    await pair.blue.run("CREATE TABLE wikidb.counted (id INT PRIMARY KEY, n INT NOT NULL) ENGINE = InnoDB");
    await pair.blue.run("INSERT INTO wikidb.counted VALUES (1, 0), (2, 0), (3, 0)");
    const writer = await pair.blue.open();
    await writer.run(
      `BEGIN NOT ATOMIC FOR i IN 1..500 DO
         UPDATE wikidb.counted SET n = n + 1 WHERE id = 1 + i MOD 3;
         INSERT INTO wikidb.counted VALUES (i + 10, i);
       END FOR; END`,
    );
    writer.destroy();
    await setApplyThreads(pair.green, catchUpThreads);
    await again();
    await wait();
    await arrived();
    expect(await threads()).toBe("4");
    await same("counted");

    // In the middle of a stream.
    const writing = pair.blue.run("UPDATE wikidb.counted SET n = n + 1");
    await setApplyThreads(pair.green, 0);
    await setApplyThreads(pair.green, 0);
    await writing;
    await again();
    await arrived();
    expect(await threads()).toBe("0");
    await same("counted");
  });

  test("a power failure while it is relaxed loses nothing: it continues from what its tables have", async () => {
    await relaxDurability(pair.green);
    await wait();
    await pair.green.run("STOP SLAVE");
    // The state of the disk afterwards: the log has the last transactions, the tables lack them.
    const before = (await positions(pair.green)).applied;
    await pair.green.run("START SLAVE");
    await pair.blue.run("INSERT INTO wikidb.page VALUES (90001, 'Lost', 0, NULL)");
    await pair.blue.run("INSERT INTO wikidb.page VALUES (90002, 'Lost too', 0, NULL)");
    await arrived();
    await pair.green.run("STOP SLAVE");
    await behindItsBack(
      pair,
      "DELETE FROM wikidb.page WHERE page_id IN (90001, 90002)",
      "SET GLOBAL gtid_strict_mode = 0",
      `SET GLOBAL gtid_slave_pos = '${before}'`,
      "SET GLOBAL gtid_strict_mode = 1",
      // As its settings file says after the restart.
      "SET GLOBAL innodb_flush_log_at_trx_commit = 1, sync_binlog = 1",
    );
    await pair.blue.run("INSERT INTO wikidb.page VALUES (90003, 'After', 0, NULL)");
    // As it would at its start: it stops at numbers that its log already has.
    await pair.green.run("START SLAVE");
    await eventually(
      async () => expect((await replicationStatus(pair.green))?.cause).toBe("REPL_ERRANT_GTID"),
      10_000,
      "the stop",
    );
    await again();
    await wait();
    await same();
    await restoreDurability(pair.green);
  });

  test("a transaction of green's own", async () => {
    await pair.green.run("INSERT INTO wikidb.page VALUES (80000, 'Errant', 0, NULL)");
    await pair.blue.run("INSERT INTO wikidb.page VALUES (80001, 'On blue', 0, NULL)");
    await stopsAt("REPL_ERRANT_GTID", /0-[12]-\d+/, async () => {
      await behindItsBack(pair, "DELETE FROM wikidb.page WHERE page_id = 80000");
      await pair.green.run("STOP SLAVE");
      await behindItsBack(pair, "RESET MASTER");
    });
  });

  test("binary logs that blue no longer has", async () => {
    await pair.green.run("STOP SLAVE");
    await pair.blue.run("INSERT INTO wikidb.page (page_title) VALUES ('Gone')");
    await pair.blue.run("FLUSH BINARY LOGS");
    await pair.blue.run("INSERT INTO wikidb.page (page_title) VALUES ('Still there')");
    await pair.blue.run("FLUSH BINARY LOGS");
    const logs = () => pair.blue.rows<{ Log_name: string }>("SHOW BINARY LOGS");
    const wanted = (await logs()).at(-1)?.Log_name;
    // It stops without an error at a log that is still being read, as by green's previous session.
    await until("no older log", async () => {
      await pair.blue.run("PURGE BINARY LOGS TO ?", [wanted]);
      return (await logs())[0]?.Log_name === wanted;
    });
    await expect(again()).rejects.toMatchObject({
      code: "REPL_BINLOG_GONE",
      found: expect.stringMatching(/error 1236 /),
    });
    await expect(wait()).rejects.toMatchObject({ code: "REPL_BINLOG_GONE" });
  });
});
