import { releaseLease, renewLease } from "../../../../../engine/control/mariadb/lease";
import { commitRole, initRole, readRole } from "../../../../../engine/control/mariadb/role";
import {
  accountsLocked,
  lockAccounts,
  unlockAccounts,
} from "../../../../../engine/movers/mariadb/accounts/accounts";
import { copyDatabase } from "../../../../../engine/movers/mariadb/copy/copy";
import { follow, stopFollowing, waitForGtid } from "../../../../../engine/movers/mariadb/replication/follow";
import { Heartbeat, measureLagMs } from "../../../../../engine/movers/mariadb/replication/lag";
import { positions, replicationStatus } from "../../../../../engine/movers/mariadb/replication/status";
import { silent } from "../../../../../engine/progress";
import type { Server } from "../../../../../engine/runtime/mariadb/server";
import { deriveSecret } from "../../../../../engine/secrets";
import { acquireLease } from "../../../../support/acquireLease";
import { startAdoptedPair } from "../../../../support/adopted";
import type { Pair } from "../../../../support/mariadb";
import { fillWiki } from "../../../../support/mariadbContent";
import { until } from "../../../../support/until";

const positionOf = async (server: Server) => (await server.value("SELECT @@GLOBAL.gtid_binlog_pos")) ?? "";

jest.setTimeout(180_000);

describe("following, and who is primary", () => {
  let pair: Pair;
  let password: string;
  const journalled = async () => (await positions(pair.blue)).binlog;

  beforeAll(async () => {
    pair = await startAdoptedPair();
    password = deriveSecret(pair.secrets.masterSecret, "mariadb-replication");
    await fillWiki(pair.blue, "wikidb", { pages: 20 });
    // These tests compare positions, and the event would write every second.
    await pair.blue.run("DROP EVENT wikidb.ticking");
    await copyDatabase({ ...pair, report: silent });
  });
  afterAll(() => pair?.stop());

  test("a wrong password of the replication account is named as such, and not logged", async () => {
    await pair.green.run("SET GLOBAL general_log_file = '/tmp/general.log'");
    await pair.green.run("SET GLOBAL log_output = 'TABLE'");
    await pair.green.run("SET GLOBAL general_log = 1");
    await expect(follow(pair.green, pair.blue, "wrong-password")).rejects.toMatchObject({
      code: "REPL_ACCESS_DENIED",
    });
    await pair.green.run("SET GLOBAL general_log = 0");
    expect(
      await pair.green.value(
        "SELECT COUNT(*) FROM mysql.general_log WHERE argument LIKE '%wrong-passw%' AND argument NOT LIKE 'SELECT%'",
      ),
    ).toBe("0");
  });

  test("green follows blue over TLS with a checked certificate, and a second call changes nothing", async () => {
    const status = await follow(pair.green, pair.blue, password);
    expect(status).toMatchObject({
      io: "yes",
      sql: true,
      tls: true,
      verifiesCertificate: true,
      cause: undefined,
      until: "None",
      filters: [],
    });
    expect(
      await pair.blue.value(
        "SELECT COUNT(*) FROM information_schema.processlist WHERE COMMAND = 'Binlog Dump'",
      ),
    ).toBe("1");
    const thread = "SELECT ID FROM information_schema.processlist WHERE COMMAND = 'Slave_IO'";
    const before = await pair.green.value(thread);
    await follow(pair.green, pair.blue, password);
    expect(await pair.green.value(thread)).toBe(before);
  });

  test("the replication account may do nothing else, and not without TLS", async () => {
    const grants = await pair.blue.rows("SHOW GRANTS FOR wikiferry_repl");
    expect(JSON.stringify(grants)).toMatch(/REPLICATION SLAVE ON/);
    expect(grants).toHaveLength(1);
    expect(JSON.stringify(grants)).toMatch(/REQUIRE SSL/);
  });

  test("lag is measured by a heartbeat, which stops when told to", async () => {
    expect(await measureLagMs(pair.blue, pair.green)).toBeGreaterThanOrEqual(0);
    const heartbeat = new Heartbeat(pair.blue, pair.green, 100);
    heartbeat.start();
    await until("a lag that stays below half a second", async () => heartbeat.stableMs(500) > 500, 60_000);
    await heartbeat.stop();
    const still = await journalled();
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(await journalled()).toBe(still);

    await pair.green.run("STOP SLAVE SQL_THREAD");
    expect(await measureLagMs(pair.blue, pair.green, 300)).toBe(Number.POSITIVE_INFINITY);
    expect((await replicationStatus(pair.green))?.cause).toBe("REPL_STOPPED");
    await pair.green.run("START SLAVE");
  });

  test("what belongs to one server leaves no trace in its binary log", async () => {
    const before = await journalled();
    await acquireLease(pair.blue, { holder: "one", purpose: "test", epoch: 0, durationMs: 10_000 });
    await renewLease(pair.blue, "one", 10_000);
    await releaseLease(pair.blue, "one");
    await initRole(pair.blue, { wiki: "testwiki" });
    await lockAccounts(pair.blue, "wikiuser");
    expect(await accountsLocked(pair.blue, "wikiuser")).toBe(true);
    await unlockAccounts(pair.blue, "wikiuser");
    expect(await accountsLocked(pair.blue, "wikiuser")).toBe(false);
    expect(await journalled()).toBe(before);
  });

  test("of two operators one gets the lease, and the other learns who has it", async () => {
    const lease = (holder: string) => ({ holder, purpose: "cutover", epoch: 0, durationMs: 5_000 });
    const outcomes = await Promise.allSettled([
      acquireLease(pair.blue, lease("anna")),
      acquireLease(pair.blue, lease("bert")),
    ]);
    expect(outcomes.map((outcome) => outcome.status).sort()).toEqual(["fulfilled", "rejected"]);
    const winner = outcomes[0].status === "fulfilled" ? "anna" : "bert";
    const loser = winner === "anna" ? "bert" : "anna";
    await expect(acquireLease(pair.blue, lease(loser))).rejects.toMatchObject({
      code: "CTRL_LEASE_HELD",
      found: expect.stringContaining(winner),
    });
    await releaseLease(pair.blue, loser);
    await acquireLease(pair.blue, lease(winner));
    await releaseLease(pair.blue, winner);
    await expect(renewLease(pair.blue, winner, 1_000)).rejects.toMatchObject({ code: "CTRL_LEASE_LOST" });
    await acquireLease(pair.blue, lease(loser));
    await releaseLease(pair.blue, loser);
  });

  test("a commit after the lease has ended is refused, also if it ended while the commit waited", async () => {
    const commit = async () =>
      commitRole(pair.blue, {
        to: "green",
        epoch: 0,
        leaseHolder: "anna",
        position: await positionOf(pair.blue),
      });
    await expect(commit()).rejects.toMatchObject({ code: "CTRL_COMMIT_REFUSED" });
    await acquireLease(pair.blue, { holder: "anna", purpose: "cutover", epoch: 1, durationMs: 10_000 });
    const ending = await pair.blue.open();
    await ending.run("SET SESSION sql_log_bin = 0");
    await ending.run("START TRANSACTION");
    await ending.run("UPDATE wikiferry.lease SET expires_at = UTC_TIMESTAMP(6) WHERE id = 1");
    const waiting = commit().catch((error) => error);
    // On a session beside the one that waits. innodb_trx stands still for who reads it more often than every 100 ms.
    const waits =
      "SELECT variable_value FROM information_schema.global_status WHERE variable_name = 'INNODB_ROW_LOCK_CURRENT_WAITS'";
    await until("the commit to wait for the lease", async () => Number(await ending.value(waits)) === 1);
    await ending.run("COMMIT");
    await ending.close();
    expect(await waiting).toMatchObject({ code: "CTRL_COMMIT_REFUSED" });
    expect((await readRole(pair.blue))?.role).toBe("blue");
  });

  test("the commit reaches green by the stream, once", async () => {
    await acquireLease(pair.blue, { holder: "anna", purpose: "cutover", epoch: 1, durationMs: 10_000 });
    const gtid = await commitRole(pair.blue, {
      to: "green",
      epoch: 0,
      leaseHolder: "anna",
      position: await positionOf(pair.blue),
    });
    expect(gtid).toBe(await journalled());
    expect(await waitForGtid(pair.green, gtid, 5_000)).toBe(true);
    expect(await readRole(pair.green)).toMatchObject({ role: "green", epoch: 1, wiki: "testwiki" });
    await expect(
      commitRole(pair.blue, {
        to: "green",
        epoch: 0,
        leaseHolder: "anna",
        position: await positionOf(pair.blue),
      }),
    ).rejects.toMatchObject({ code: "CTRL_COMMIT_REFUSED" });
  });

  test("roles swapped: blue follows green from the end of its own log, as a ring for a moment, and back", async () => {
    await follow(pair.blue, pair.green, password);
    await stopFollowing(pair.green);
    expect(await replicationStatus(pair.green)).toBeUndefined();
    await pair.green.run(
      "INSERT INTO wikidb.page VALUES (NULL, 0, 'Written_on_green', 0.5, '20261121000000')",
    );
    const { binlog } = await positions(pair.green);
    expect(await waitForGtid(pair.blue, binlog, 5_000)).toBe(true);
    expect(
      await pair.blue.value("SELECT COUNT(*) FROM wikidb.page WHERE page_title = 'Written_on_green'"),
    ).toBe("1");
    expect(await measureLagMs(pair.green, pair.blue)).toBeGreaterThanOrEqual(0);

    await follow(pair.green, pair.blue, password);
    await stopFollowing(pair.blue);
    await pair.blue.run("INSERT INTO wikidb.page VALUES (NULL, 0, 'Written_on_blue', 0.5, '20261121000000')");
    expect(await waitForGtid(pair.green, await journalled(), 5_000)).toBe(true);
    // No heartbeat on a side that its record does not name.
    await expect(measureLagMs(pair.blue, pair.green)).rejects.toMatchObject({
      code: "CTRL_HEARTBEAT_MISSING",
    });
  });

  test("a stray write on green is refused as an errant GTID, and named", async () => {
    await stopFollowing(pair.green);
    await pair.green.run("INSERT INTO wikidb.page VALUES (NULL, 0, 'Stray', 0.5, '20261121000000')");
    const { binlog } = await positions(pair.green);
    await expect(follow(pair.green, pair.blue, password)).rejects.toMatchObject({
      code: "REPL_ERRANT_GTID",
      found: expect.stringContaining(binlog),
    });
  });
});
