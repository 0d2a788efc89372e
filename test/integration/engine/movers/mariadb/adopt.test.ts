import { Journal, readJournal } from "../../../../../engine/control/mariadb/journal";
import { initRole } from "../../../../../engine/control/mariadb/role";
import { adopt, readVariables } from "../../../../../engine/movers/mariadb/adopt/adopt";
import { adoptionNeeded } from "../../../../../engine/movers/mariadb/adopt/changes";
import { silent } from "../../../../../engine/progress";
import { eventually, type Pair, startPair } from "../../../../support/mariadb";

jest.setTimeout(180_000);

describe("adopting a MariaDB with default settings", () => {
  let pair: Pair;
  const adoptIt = async (allowRestart: boolean, overrides: Partial<Pair["spec"]["blue"]["database"]> = {}) =>
    adopt(
      pair.blue,
      await pair.pool.to(pair.ssh),
      { ...pair.spec.blue.database, ...overrides },
      {
        allowRestart,
        masterSecret: pair.secrets.masterSecret,
        greenHost: pair.spec.green.database.replication.host,
        journal: new Journal(pair.blue),
        report: silent,
        startTimeoutMs: 15_000,
      },
    );
  const closed = async () => (await pair.blue.value("SELECT @@GLOBAL.read_only")) === "1";
  const restart = async () => {
    await pair.onBlue("service mariadb restart");
    await pair.blue.close();
    await eventually(async () => void (await pair.blue.value("SELECT 1")), 30_000, "blue after its restart");
  };

  beforeAll(async () => {
    pair = await startPair();
  });
  afterAll(() => pair?.stop());

  test("without permission to restart nothing is changed, and each setting is named", async () => {
    await expect(adoptIt(false)).rejects.toMatchObject({
      code: "ADOPT_RESTART_NEEDED",
      found: expect.stringMatching(/log_bin .*log_slave_updates .*ssl_key .*init_file/s),
    });
    expect(await pair.onBlue("ls /etc/mysql/mariadb.conf.d /etc/mysql")).not.toMatch(/wikiferry/);
    expect(await pair.blue.value("SHOW DATABASES LIKE 'wikiferry'")).toBeUndefined();
  });

  test("settings that prevent MariaDB from starting are removed again, and it runs as before", async () => {
    await pair.onBlue("install -d -o mysql /var/lib/mysql/binlog.index");
    await expect(adoptIt(true)).rejects.toMatchObject({ code: "ADOPT_FAILED" });
    await pair.onBlue("rmdir /var/lib/mysql/binlog.index");
    expect(await pair.onBlue("ls /etc/mysql/mariadb.conf.d")).not.toMatch(/wikiferry/);
    expect((await readVariables(pair.blue)).log_bin).toBe("OFF");
  });

  test("settings that MariaDB does not understand cost no restart", async () => {
    await pair.onBlue("printf '[mysqld]\\nno_such_setting=1\\n' >/etc/mysql/mariadb.conf.d/70-broken.cnf");
    const uptime = Number((await pair.blue.row<{ Value: string }>("SHOW STATUS LIKE 'Uptime'"))?.Value);
    await expect(adoptIt(true)).rejects.toMatchObject({
      code: "ADOPT_FAILED",
      found: expect.stringContaining("no_such_setting"),
    });
    await pair.onBlue("rm /etc/mysql/mariadb.conf.d/70-broken.cnf");
    const later = Number((await pair.blue.row<{ Value: string }>("SHOW STATUS LIKE 'Uptime'"))?.Value);
    expect(later).toBeGreaterThanOrEqual(uptime);
  });

  test("a directory that MariaDB does not read is noticed", async () => {
    await pair.onBlue("mkdir -p /etc/mysql/elsewhere");
    await expect(adoptIt(true, { configDirectory: "/etc/mysql/elsewhere" })).rejects.toMatchObject({
      code: "ADOPT_FAILED",
      found: expect.stringContaining("log_bin = OFF"),
    });
    expect(await pair.onBlue("ls /etc/mysql/elsewhere")).toBe("");
  });

  test("one restart brings everything that replication needs; a second run changes nothing", async () => {
    const adopted = await adoptIt(true);
    expect(adopted.restarted).toBe(true);
    expect(adopted.downtimeMs).toBeGreaterThan(0);
    process.stdout.write(`restart of blue's MariaDB: ${Math.round(adopted.downtimeMs)} ms\n`);
    expect(adoptionNeeded(await readVariables(pair.blue), pair.spec.blue.database)).toEqual([]);
    expect(await pair.onBlue("stat -c '%a %U' /etc/mysql/wikiferry/key.pem")).toBe("600 mysql\n");

    expect(await adoptIt(false)).toEqual({ changes: [], restarted: false, downtimeMs: 0 });
    const events = (await readJournal(pair.blue)).map((entry) => entry.event);
    expect(events.slice(-2)).toEqual(["wrote settings", "restarted MariaDB"]);
    const journal = JSON.stringify(await readJournal(pair.blue));
    for (const secret of [pair.secrets.masterSecret, pair.secrets.blueAdminPassword, "PRIVATE KEY"])
      expect(journal).not.toContain(secret);
  });

  test("settings that need no restart are corrected at run time", async () => {
    await pair.blue.run("SET GLOBAL gtid_strict_mode = 0");
    await pair.blue.run("SET GLOBAL binlog_format = 'MIXED'");
    const adopted = await adoptIt(false);
    expect(adopted.changes.map((change) => change.setting)).toEqual(["binlog_format", "gtid_strict_mode"]);
    expect(await pair.blue.value("SELECT @@GLOBAL.binlog_format")).toBe("ROW");
  });

  test("a restarted blue starts open while it is the primary, closed once green is, and as configured without a record", async () => {
    await pair.blue.run("DROP DATABASE wikiferry");
    await restart();
    expect(await closed()).toBe(false);
    await adoptIt(false);
    const { ensureControlSchema } = await import("../../../../../engine/control/mariadb/schema");
    await ensureControlSchema(pair.blue);
    await restart();
    expect(await closed()).toBe(false);
    await initRole(pair.blue, { wiki: "testwiki" });
    await restart();
    expect(await closed()).toBe(false);
    await pair.blue.run("UPDATE wikiferry.role SET role = 'green'");
    await restart();
    expect(await closed()).toBe(true);
  });
});
