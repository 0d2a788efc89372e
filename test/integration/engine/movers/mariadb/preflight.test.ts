import type { Finding } from "../../../../../engine/finding";
import { estimate } from "../../../../../engine/movers/mariadb/preflight/estimate";
import { freeBytesOnGreen } from "../../../../../engine/movers/mariadb/preflight/freeBytes";
import {
  mariadbPreflight,
  type PreflightQuestion,
} from "../../../../../engine/movers/mariadb/preflight/preflight";
import { SshConnection } from "../../../../../engine/runtime/ssh/connection";
import { startServerOfVersion } from "../../../../doubles/oldServer";
import { type Pair, startPair, strangerKey } from "../../../../support/mariadb";
import { fillWiki } from "../../../../support/mariadbContent";

jest.setTimeout(180_000);

const plenty = async () => 1024 ** 4;

describe("preflight of a default MariaDB with a wiki", () => {
  let pair: Pair;
  const ask = (change: Partial<PreflightQuestion> = {}) =>
    mariadbPreflight({
      blue: pair.blue,
      green: pair.green,
      spec: pair.spec,
      allowRestart: true,
      adopting: true,
      freeBytes: plenty,
      listening: async () => undefined,
      ...change,
    });
  const of = (findings: Finding[], code: string) => findings.filter((finding) => finding.code === code);
  const blocks = (findings: Finding[]) =>
    findings.filter((finding) => finding.severity === "block").map((finding) => finding.code);

  beforeAll(async () => {
    pair = await startPair({ database: "wiki-db", tablePrefix: "mw_" });
    await fillWiki(pair.blue, "wiki-db", { pages: 500, prefix: "mw_" });
  });
  afterAll(() => pair?.stop());

  test("prefix, dash, search index and tables without a key pass; nothing is written on either side", async () => {
    const findings = await ask();
    expect(blocks(findings)).toEqual([]);
    expect(of(findings, "NO_PRIMARY_KEY")[0]).toMatchObject({
      severity: "warn",
      found: expect.stringContaining("mw_keyless"),
    });
    expect(of(findings, "STORAGE_ENGINE")[0]?.severity).toBe("pass");
    expect(of(findings, "ADOPT_RESTART_NEEDED")[0]).toMatchObject({
      severity: "warn",
      found: expect.stringContaining("log_bin"),
    });
    for (const server of [pair.blue, pair.green])
      expect(await server.value("SHOW DATABASES LIKE 'wikiferry'")).toBeUndefined();
    expect(await pair.green.value("SELECT @@GLOBAL.gtid_binlog_pos")).toBe("");
    for (const finding of findings) expect(finding.severity === "pass" || finding.remedy !== "").toBe(true);
  });

  test("a green that does not exist yet is no fault", async () => {
    expect(blocks(await ask({ green: undefined }))).toEqual([]);
  });

  test("a restart that is due and not allowed", async () => {
    expect(blocks(await ask({ allowRestart: false }))).toEqual(["ADOPT_RESTART_NEEDED"]);
    expect(blocks(await ask({ allowRestart: false, adopting: false }))).toEqual([]);
  });

  test("a wrong password", async () => {
    const blue = pair.serverAt(pair.blue.place, "wrong");
    const findings = await ask({ blue });
    expect(of(findings, "DB_ACCESS_DENIED")[0]).toMatchObject({
      severity: "block",
      found: expect.stringContaining("wikiadmin"),
    });
  });

  test("an account without a password is refused over TCP and may log in through the socket", async () => {
    const root = { ...pair.blue.place, adminUser: "root" };
    const byTcp = pair.serverAt(root, "anything");
    expect(of(await ask({ blue: byTcp }), "DB_ACCESS_DENIED")[0]).toMatchObject({
      severity: "block",
      found: expect.stringContaining("Access denied for user 'root'@'localhost'"),
      remedy: expect.stringContaining("set blue.database.sqlHost to the path of its socket"),
    });
    const socket = (await pair.blue.value("SELECT @@socket")) as string;
    const bySocket = pair.serverAt({ ...root, admin: { ...root.admin, host: socket } }, "anything");
    expect(blocks(await ask({ blue: bySocket }))).toEqual([]);
    await bySocket.close();
    const other = { ...root, adminUser: "mysql", admin: { ...root.admin, host: socket } };
    expect(of(await ask({ blue: pair.serverAt(other, "anything") }), "DB_ACCESS_DENIED")[0]).toMatchObject({
      found: expect.stringMatching(/^blue's MariaDB at \/\S+ by way of 127\.0\.0\.1 rejects mysql /),
    });
  });

  test.each([
    ["a locked account", "ACCOUNT LOCK", "DB_ACCESS_DENIED", "UNLOCK"],
    ["an account by a plugin", "IDENTIFIED VIA ed25519 USING PASSWORD('x')", "DB_ACCESS_DENIED", "plugin"],
    ["an account whose connections are counted", "WITH MAX_USER_CONNECTIONS 1", "DB_CONNECTIONS", "Wait"],
    ["an account without rights", "", "DB_ACCESS_DENIED", "GRANT ALL"],
  ])("%s", async (_what, options, code, remedy) => {
    if (options.includes("ed25519")) await pair.blue.run("INSTALL SONAME 'auth_ed25519'");
    await pair.blue.run("CREATE USER operator@localhost IDENTIFIED BY 'x'");
    if (options) await pair.blue.run(`ALTER USER operator@localhost ${options}`);
    const blue = pair.serverAt({ ...pair.blue.place, adminUser: "operator" }, "x");
    const first = options.includes("MAX_USER") ? await blue.open() : undefined;
    try {
      const findings = await ask({ blue });
      expect(blocks(findings)).toEqual([code]);
      expect(of(findings, code)[0]?.remedy).toContain(remedy);
    } finally {
      first?.destroy();
      await blue.close();
      await pair.blue.run("DROP USER operator@localhost");
    }
  });

  test("a server that requires TLS except through its socket", async () => {
    await pair.blue.run("SET GLOBAL require_secure_transport = 1");
    const blue = pair.serverAt(pair.blue.place, pair.secrets.blueAdminPassword);
    try {
      const [finding] = of(await ask({ blue }), "DB_ACCESS_DENIED");
      expect(finding?.remedy).toContain("(require_secure_transport), set blue.database.sqlHost");
    } finally {
      await pair.blue.run("SET GLOBAL require_secure_transport = 0");
    }
  });

  test("a server that does not answer, and a host that does not", async () => {
    const nobody = { ...pair.blue.place, admin: { host: "127.0.0.1", port: 9 } };
    expect(blocks(await ask({ blue: pair.serverAt(nobody, "x") }))).toEqual(["DB_UNREACHABLE"]);
    const nowhere = { ...nobody, admin: { ...nobody.admin, via: { ...pair.ssh, port: 9 } } };
    expect(blocks(await ask({ blue: pair.serverAt(nowhere, "x") }))).toEqual(["SSH_UNREACHABLE"]);
  });

  test("a connection that breaks is named, and another one asks its server", async () => {
    const session = await pair.blue.open();
    await pair.blue.run(`KILL ${await session.value("SELECT CONNECTION_ID()")}`);
    await expect(session.value("SELECT 1")).rejects.toMatchObject({
      code: "DB_UNREACHABLE",
      found: expect.stringContaining("the connection to blue's MariaDB was lost"),
    });
    await expect(pair.blue.value("SELECT nothing")).rejects.toMatchObject({ errno: 1054 });
    expect(await pair.blue.value("SELECT 1")).toBe("1");
  });

  test("a changed host key is refused before anything is sent", async () => {
    const changed = { ...pair.ssh, hostKey: strangerKey().public };
    await expect(SshConnection.open(changed, pair.secrets.sshPrivateKey)).rejects.toMatchObject({
      code: "SSH_HOST_KEY",
    });
    await expect(SshConnection.open(pair.ssh, strangerKey().private)).rejects.toMatchObject({
      code: "SSH_REFUSED",
    });
  });

  test.each(["5.5.60-MariaDB", "10.3.39-MariaDB-0+deb10u1", "8.0.36"])(
    "a server that says it is %s",
    async (version) => {
      const old = await startServerOfVersion(version);
      const place = { ...pair.blue.place, admin: { host: "127.0.0.1", port: old.port } };
      const blue = pair.serverAt(place, "x");
      try {
        const findings = await ask({ blue });
        expect(of(findings, "DB_VERSION")[0]).toMatchObject({
          severity: "block",
          found: expect.stringContaining(version),
        });
      } finally {
        await blue.close();
        await old.stop();
      }
    },
  );

  test("too little space on either side", async () => {
    const little = (on: string) => ask({ freeBytes: async (side) => (side === on ? 1024 ** 2 : 1024 ** 4) });
    expect(blocks(await little("green"))).toEqual(["DISK_SPACE"]);
    const findings = await little("blue");
    expect(blocks(findings)).toEqual(["CTRL_DISK_SPACE"]);
    expect(of(findings, "CTRL_DISK_SPACE")[0]?.found).toBe(
      "blue has 1 MiB left where its MariaDB keeps its data",
    );
    expect(await freeBytesOnGreen(pair.spec.green.database, pair.pool)).toBeGreaterThan(1024 ** 3);
    const nobody = { container: "wikiferry-test-not-there" };
    expect(await freeBytesOnGreen(nobody, pair.pool)).toBeGreaterThan(1024 ** 3);
  });

  test("little space on blue once there is a copy is a flip's matter", async () => {
    await pair.green.run("CREATE DATABASE `wiki-db`");
    await pair.green.run("CREATE TABLE `wiki-db`.mw_page (page_id INT PRIMARY KEY)");
    const findings = await ask({ freeBytes: async (side) => (side === "blue" ? 1024 ** 2 : 1024 ** 4) });
    expect(of(findings, "CTRL_DISK_SPACE")).toEqual([]);
    expect(of(findings, "DISK_SPACE")[0]?.severity).toBe("pass");
    await pair.green.run("DROP DATABASE `wiki-db`");
  });

  test("a green with someone else's tables", async () => {
    await pair.green.run("CREATE DATABASE other");
    await pair.green.run("CREATE TABLE other.precious (id INT)");
    expect(blocks(await ask())).toEqual(["GREEN_NOT_EMPTY"]);
    await pair.green.run("DROP DATABASE other");
  });

  test.each(["MyISAM", "Aria"])("%s tables that hold what nobody could rebuild", async (engine) => {
    await pair.blue.run(`CREATE TABLE \`wiki-db\`.mw_lost (id INT PRIMARY KEY) ENGINE=${engine}`);
    expect(blocks(await ask())).toEqual([]);
    await pair.blue.run("INSERT INTO `wiki-db`.mw_lost VALUES (1)");
    expect(of(await ask(), "STORAGE_ENGINE")[0]).toMatchObject({
      severity: "block",
      found: expect.stringContaining(`mw_lost (${engine})`),
    });
    await pair.blue.run("DROP TABLE `wiki-db`.mw_lost");
  });

  test("a table without a key whose updates could not be applied", async () => {
    await pair.blue.run("CREATE TABLE `wiki-db`.mw_floating (f FLOAT, n INT, UNIQUE KEY (n))");
    expect(of(await ask(), "NO_PRIMARY_KEY")[0]).toMatchObject({
      severity: "block",
      found: expect.stringContaining("mw_floating (f)"),
    });
    await pair.blue.run("ALTER TABLE `wiki-db`.mw_floating MODIFY n INT NOT NULL");
    expect(of(await ask(), "NO_PRIMARY_KEY")[0]?.severity).toBe("warn");
    await pair.blue.run("DROP TABLE `wiki-db`.mw_floating");
  });

  test("a wrong database, a wrong prefix, a wrong account", async () => {
    const wrong = (wiki: Partial<Pair["spec"]["wiki"]>) =>
      ask({ spec: { ...pair.spec, wiki: { ...pair.spec.wiki, ...wiki } } });
    expect(of(await wrong({ database: "nothing" }), "DB_MISSING")[0]).toMatchObject({
      severity: "block",
      found: expect.stringContaining("wiki-db"),
    });
    expect(of(await wrong({ tablePrefix: "x_" }), "DB_MISSING")[0]).toMatchObject({
      severity: "block",
      found: expect.stringContaining("x_page"),
    });
    expect(blocks(await wrong({ appUser: "nobody-here" }))).toEqual(["APP_ACCOUNT"]);
  });

  test("an application that could write past the fence, by its own privilege or a role", async () => {
    await pair.blue.run("GRANT READ_ONLY ADMIN ON *.* TO wikiuser@'%'");
    expect(blocks(await ask())).toEqual(["RIGHTS_READ_ONLY_ADMIN"]);
    await pair.blue.run("REVOKE READ_ONLY ADMIN ON *.* FROM wikiuser@'%'");
    await pair.blue.run("CREATE ROLE boss");
    await pair.blue.run("GRANT SUPER ON *.* TO boss");
    await pair.blue.run("GRANT boss TO wikiuser@'%'");
    expect(blocks(await ask())).toEqual(["RIGHTS_READ_ONLY_ADMIN"]);
    await pair.blue.run("DROP ROLE boss");
    expect(blocks(await ask())).toEqual([]);
  });

  test("other databases on blue's server are named before anything is changed, and an empty one does not count", async () => {
    await pair.blue.run("CREATE DATABASE `blog_1`");
    await pair.blue.run("CREATE DATABASE phpmyadmin");
    expect(of(await ask(), "DB_NEIGHBOURS")[0]).toMatchObject({
      severity: "pass",
      found: expect.stringContaining("blog_1, phpmyadmin"),
    });
    await pair.blue.run("CREATE TABLE `wiki-db`.another_application (id INT PRIMARY KEY)");
    await pair.blue.run("CREATE TABLE blog_1.posts (id INT PRIMARY KEY, body TEXT)");
    await pair.blue.run("CREATE USER blogger@'10.0.%' IDENTIFIED BY 'x'");
    await pair.blue.run("GRANT ALL ON `blog\\_%`.* TO blogger@'10.0.%'");
    await pair.blue.run("INSERT INTO blog_1.posts VALUES (1, 'hello')");
    await pair.blue.run("CREATE PROCEDURE phpmyadmin.tidy() SELECT 1");
    const findings = await ask({ adopting: false, green: undefined });
    expect(blocks(findings)).toEqual(["DB_NEIGHBOURS"]);
    const found = of(findings, "DB_NEIGHBOURS")[0]?.found;
    expect(found).toMatch(
      /blog_1 \(1 table, [\d.]+ kB; written to at \d{4}-\d\d-\d\d \d\d:\d\d UTC; used by blogger@10\.0\.%\); phpmyadmin \(1 routine or event; last write unknown; no account of its own\):/,
    );
    expect(found).not.toContain("another_application");
    // An existing copy is not undone by it; a flip's guardrails report it.
    await pair.green.run("CREATE DATABASE `wiki-db`");
    await pair.green.run("CREATE TABLE `wiki-db`.mw_page (page_id INT PRIMARY KEY)");
    expect(of(await ask(), "DB_NEIGHBOURS")).toEqual([]);
    await pair.green.run("DROP DATABASE `wiki-db`");
    await pair.blue.run("DROP TABLE `wiki-db`.another_application");
    await pair.blue.run("DROP USER blogger@'10.0.%'");
    for (const name of ["blog_1", "phpmyadmin"]) await pair.blue.run("DROP DATABASE ??", [name]);
    expect(blocks(await ask())).toEqual([]);
  });

  test("what runs as an account that green does not have", async () => {
    await pair.blue.run("CREATE DEFINER=wikiadmin@localhost VIEW `wiki-db`.mw_view AS SELECT 1");
    expect(of(await ask(), "SCHEMA_DEFINERS")[0]).toMatchObject({
      severity: "warn",
      found: expect.stringContaining("view mw_view runs as wikiadmin@localhost"),
    });
    await pair.blue.run("DROP VIEW `wiki-db`.mw_view");
  });

  test("the estimate gives rows, bytes and time", async () => {
    await pair.blue.run("ANALYZE TABLE `wiki-db`.mw_page, `wiki-db`.mw_text");
    const expected = await estimate(pair.blue, "wiki-db");
    expect(expected.rows).toBeGreaterThan(1_000);
    expect(expected.bytes).toBeGreaterThan(200_000);
    expect(expected.copyMs).toBe(expected.copy.ms);
    expect(expected.copyMs).toBeGreaterThan(50);
    expect(expected.copyMs).toBeLessThan(60_000);
    for (const name of ["blueRoundTripMs", "probeMs", "fromBlueBytesPerMs", "readBytesPerMs"])
      expect(expected.measured[name]).toBeGreaterThan(0);
    expect(expected.catchUp?.ms).toBeGreaterThan(0);
  });
});
