import { lastWords } from "../../../../../engine/movers/mariadb/copy/physical/backupSession";
import { obstacles, type PhysicalFacts } from "../../../../../engine/movers/mariadb/copy/physical/conditions";
import { candidates } from "../../../../../engine/movers/mariadb/copy/physical/directTransfer";
import { identityStatements } from "../../../../../engine/movers/mariadb/copy/physical/greenIdentity";
import { positionIn } from "../../../../../engine/movers/mariadb/copy/physical/receive";
import { aheadMs } from "../../../../../engine/movers/mariadb/copy/physical/throttle";

const tool = "mariadb-backup based on MariaDB server 10.11.14-MariaDB debian-linux-gnu (x86_64)";
const settings = {
  innodb_page_size: "16384",
  innodb_data_file_path: "ibdata1:12M:autoextend",
  innodb_undo_tablespaces: "0",
  lower_case_table_names: "0",
};
const fitting: PhysicalFacts = {
  versions: { blue: "10.11.6-MariaDB-0+deb12u1-log", green: "10.11.14-MariaDB" },
  tools: { blue: tool, green: tool },
  readable: true,
  otherDatabases: [],
  variables: { blue: settings, green: settings },
  encrypted: false,
};

describe("whether green can use blue's files", () => {
  it("is so with one major version, the tool on both sides and the same settings", () => {
    expect(obstacles(fitting)).toEqual([]);
  });

  it.each<[string, Partial<PhysicalFacts>, RegExp]>([
    [
      "versions",
      { versions: { blue: "10.6.1-MariaDB", green: "10.11.14-MariaDB" } },
      /different major versions/,
    ],
    ["no tool on blue", { tools: { blue: "", green: tool } }, /mariadb-backup is not on blue's host/],
    [
      "a tool of another version",
      { tools: { blue: tool, green: tool.replace("10.11", "11.4") } },
      /another version/,
    ],
    ["rights", { readable: false }, /can't read/],
    ["other databases", { otherDatabases: ["forum"] }, /forum/],
    [
      "page size",
      { variables: { blue: { ...settings, innodb_page_size: "4096" }, green: settings } },
      /innodb_page_size is 4096 on blue and 16384 on green/,
    ],
    ["encryption", { encrypted: true }, /encrypted/],
  ])("is not so for %s, and says why", (_name, facts, why) => {
    expect(obstacles({ ...fitting, ...facts }).join("; ")).toMatch(why);
  });
});

describe("the position of a backup", () => {
  it("is the third column, with every domain", () => {
    expect(positionIn("binlog.000002\t1234\t0-1-42,7-1-3\n")).toBe("0-1-42,7-1-3");
  });

  it("must be there", () => {
    expect(() => positionIn("binlog.000002\t1234\t\n")).toThrow(/COPY_NO_POSITION/);
    expect(() => positionIn("")).toThrow(/COPY_NO_POSITION/);
  });
});

it("the last lines of mariadb-backup that are kept say why", () => {
  const said = `[01] 2026-11-21 17:00:00 Streaming ./wikidb/page.ibd to <STDOUT>
[01] 2026-11-21 17:00:00         ...done
[00] FATAL ERROR: 2026-11-21 17:00:01 Failed to connect to MariaDB server: Access denied`;
  expect(lastWords(said)).toBe("FATAL ERROR: Failed to connect to MariaDB server: Access denied");
});

it("green looks for blue's SSH where it finds its database, and never at the tool's own loopback", () => {
  const ssh = { host: "blue.example.org", port: 2222, user: "root", hostKey: "ssh-ed25519 AAAA" };
  expect(candidates(ssh, "10.0.0.5")).toEqual([
    { host: "10.0.0.5", port: 2222 },
    { host: "10.0.0.5", port: 22 },
    { host: "blue.example.org", port: 2222 },
  ]);
  expect(candidates({ ...ssh, port: 22 }, "blue.example.org")).toEqual([
    { host: "blue.example.org", port: 22 },
  ]);
  expect(candidates({ ...ssh, host: "127.0.0.1" }, "127.0.0.1")).toEqual([]);
  expect(candidates({ ...ssh, host: "localhost" }, "a; rm -rf /")).toEqual([]);
});

it("bytes wait until the rate allows them", () => {
  expect(aheadMs(1_000_000, 500, 1_000_000)).toBe(500);
  expect(aheadMs(1_000_000, 1_500, 1_000_000)).toBe(0);
  expect(aheadMs(1_000_000, 0, 0)).toBe(0);
});

describe("what adapts blue's files to green", () => {
  const sql = identityStatements({
    adminPassword: "secret of green",
    app: {
      user: "wiki'user",
      database: "wiki-db",
      accounts: [{ host: "172.18.0.0/255.255.0.0", priv: '{"access":0}' }],
    },
    result: { gtid: "0-1-42,7-1-3", bytes: 1, rows: 2, copyMs: 3, converged: [] },
    journal: [{ at: "2026-11-21T17:00:00.000Z", step: "x", event: "y", detail: { long: "ü".repeat(9_000) } }],
  });
  const lines = sql.trim().split("\n");

  it("holds no password, and no statement that is too long for a bootstrap", () => {
    expect(sql).not.toMatch(/secret/);
    for (const line of lines) {
      expect(line.length).toBeLessThan(10_000);
      expect(line).toMatch(/;$/);
    }
  });

  it("removes blue's rule before anything runs, and sets every domain's position", () => {
    expect(lines[1]).toBe("DELETE FROM mysql.event WHERE db = 'wikiferry';");
    expect(sql).toContain("VALUES (0, 1, 1, '42')");
    expect(sql).toContain("VALUES (7, 2, 1, '3')");
    expect(sql).toContain(
      `INSERT INTO mysql.global_priv VALUES ('172.18.0.0/255.255.0.0', 'wiki\\'user', '{\\"access\\":0}');`,
    );
    expect(sql).not.toMatch(/DELETE FROM wikiferry.`(role|heartbeat|watch)`/);
  });
});
