import {
  grantsWritingThrough,
  nativePasswordHash,
  parseGrantee,
  withRoles,
} from "../../../../../engine/movers/mariadb/accounts/accounts";
import { nextMinute } from "../../../../../engine/movers/mariadb/adopt/adopt";
import { adoptionNeeded, dropIn } from "../../../../../engine/movers/mariadb/adopt/changes";
import { accessFile } from "../../../../../engine/movers/mariadb/copy/access";
import { DumpMeter, dumpPosition } from "../../../../../engine/movers/mariadb/copy/dump";
import { copyProgress } from "../../../../../engine/movers/mariadb/copy/progress";
import { speedProbe } from "../../../../../engine/movers/mariadb/preflight/estimate/constants";
import {
  predictCatchUp,
  predictCopy,
  predictPhysicalCopy,
} from "../../../../../engine/movers/mariadb/preflight/estimate/model";
import {
  adoptionFinding,
  diskSpaceFinding,
  tablesFinding,
} from "../../../../../engine/movers/mariadb/preflight/preflight";
import {
  primaryKeyFinding,
  storageEngineFinding,
  type TableFacts,
} from "../../../../../engine/movers/mariadb/preflight/tables";
import { parseVersion, versionFinding } from "../../../../../engine/movers/mariadb/preflight/version";
import { predictPause } from "../../../../../engine/operations/preflight/pause";

const table = (name: string, facts: Partial<TableFacts> = {}): TableFacts => ({
  name,
  engine: "InnoDB",
  transactional: true,
  hasRows: true,
  identified: true,
  floatColumns: [],
  ...facts,
});
const myisam = (name: string, facts: Partial<TableFacts> = {}) =>
  table(name, { engine: "MyISAM", transactional: false, ...facts });

describe("versions", () => {
  test.each([
    ["10.11.18-MariaDB-0+deb12u1", "11.4.2-MariaDB", "pass"],
    ["10.11.18-MariaDB", "10.11.2-MariaDB-ubu2204-log", "pass"],
    ["5.5.5-10.4.34-MariaDB", undefined, "pass"],
    ["10.3.39-MariaDB", undefined, "block"],
    ["5.5.60-MariaDB", undefined, "block"],
    ["10.0.1-MariaDB", undefined, "block"],
    ["8.0.36", undefined, "block"],
    ["8.0.36-0ubuntu0.22.04.1", "10.11.2-MariaDB", "block"],
    ["11.4.2-MariaDB", "10.11.18-MariaDB", "block"],
    ["nonsense", undefined, "block"],
  ])("blue %s, green %s: %s", (blue, green, severity) => {
    expect(versionFinding(blue, green)).toMatchObject({ code: "DB_VERSION", severity });
  });

  test("the replication prefix is no version", () => {
    expect(parseVersion("5.5.5-10.11.2-MariaDB")).toEqual({ mariadb: true, major: 10, minor: 11, patch: 2 });
  });
});

describe("tables", () => {
  test("MyISAM and Aria tables with rows are refused by name, with the statement that converts them", () => {
    const finding = storageEngineFinding(
      [myisam("objectcache"), table("page"), myisam("log`s", { engine: "Aria" })],
      "",
    );
    expect(finding).toMatchObject({ code: "STORAGE_ENGINE", severity: "block" });
    expect(finding.found).toContain("objectcache (MyISAM), log`s (Aria)");
    expect(finding.remedy).toContain("ALTER TABLE `log``s` ENGINE=InnoDB");
  });

  test("the search index may be MyISAM, with its prefix only; an empty table may be anything", () => {
    expect(
      storageEngineFinding([myisam("mw_searchindex"), myisam("old", { hasRows: false })], "mw_").severity,
    ).toBe("pass");
    expect(storageEngineFinding([myisam("searchindex")], "mw_").severity).toBe("block");
  });

  test("a table without a key is a warning; with FLOAT columns, whose copy does not compare equal, it is refused", () => {
    expect(primaryKeyFinding([table("page")], "").severity).toBe("pass");
    expect(primaryKeyFinding([table("page"), table("stray", { identified: false })], "")).toMatchObject({
      severity: "warn",
      found: "stray: no key identifies a row",
    });
    expect(primaryKeyFinding([table("stray", { identified: false, hasRows: false })], "").severity).toBe(
      "pass",
    );
    expect(primaryKeyFinding([table("stray", { identified: false, floatColumns: ["f"] })], "")).toMatchObject(
      {
        code: "NO_PRIMARY_KEY",
        severity: "block",
      },
    );
  });

  test("MediaWiki's own tables without a key are no warning, others of that name without the prefix are", () => {
    const own = ["mw_oldimage", "mw_querycache", "mw_user_newtalk"].map((name) =>
      table(name, { identified: false }),
    );
    expect(primaryKeyFinding(own, "mw_")).toMatchObject({
      severity: "pass",
      found: expect.stringContaining("mw_oldimage, mw_querycache, mw_user_newtalk"),
    });
    expect(primaryKeyFinding([...own, table("oldimage", { identified: false })], "mw_")).toMatchObject({
      severity: "warn",
      found: "oldimage: no key identifies a row",
    });
  });

  test("a wrong prefix or database is seen by the missing page table", () => {
    expect(tablesFinding(["mw_page"], "wikidb", "mw_").severity).toBe("pass");
    expect(tablesFinding(["mw_page"], "wikidb", "")).toMatchObject({ code: "DB_MISSING", severity: "block" });
  });
});

describe("space and time", () => {
  test("a copy needs space for one and a half times the data, and a finished one none", () => {
    const gibibyte = 1024 ** 3;
    expect(diskSpaceFinding(10 * gibibyte, 16 * gibibyte, false).severity).toBe("pass");
    expect(diskSpaceFinding(10 * gibibyte, 15 * gibibyte, false)).toMatchObject({
      code: "DISK_SPACE",
      severity: "block",
      found: "green has 15360 MiB free, 15872 MiB needed for 10240 MiB of data",
    });
    expect(diskSpaceFinding(10 * gibibyte, gibibyte, true).severity).toBe("pass");
  });

  test("progress never says more than 99 % before the end", () => {
    expect(copyProgress(5_000_000, 10_000_000, 1_000)).toEqual({
      percent: 50,
      message: "5.0 MB of about 10.0 MB, 5.0 MB/s, 1.0 s left",
    });
    expect(copyProgress(20_000_000, 10_000_000, 1_000).percent).toBe(99);
    expect(copyProgress(0, 0, 0).percent).toBe(0);
  });

  test("the estimate of a copy is the sum of its parts, limited by the slowest path", () => {
    const measure = {
      tables: 10,
      looseTables: 0,
      bytes: 10_000_000,
      indexBytes: 5_000_000,
      readBytesPerMs: 200_000,
      fromBlueBytesPerMs: 100_000,
      toGreenBytesPerMs: 100_000,
      blueRoundTripMs: 1,
      greenRoundTripMs: 1,
      probeMs: speedProbe.usualMs,
      writesPerSecond: 10,
    };
    const usual = predictCopy(measure);
    expect(usual.ms).toBe(Math.round(usual.terms.reduce((total, { ms }) => total + ms, 0)));
    expect(usual.terms.map(({ name }) => name)).toEqual(["start", "tables", "loading"]);
    expect(predictCopy({ ...measure, bytes: 20_000_000 }).ms).toBeGreaterThan(usual.ms);
    expect(predictCopy({ ...measure, probeMs: 2 * speedProbe.usualMs }).ms).toBeGreaterThan(1.5 * usual.ms);
    expect(predictCopy({ ...measure, toGreenBytesPerMs: 100 }).terms[2]).toEqual({
      name: "the way to green",
      ms: 100_000,
    });
    expect(predictCopy({ ...measure, looseTables: 1 }).ms).toBeGreaterThan(usual.ms);
    expect(predictCopy(measure, 1_000).terms[2]).toEqual({ name: "the limit in the config", ms: 10_000 });
    expect(predictCopy({ ...measure, tables: 0, bytes: 0, readBytesPerMs: undefined }).ms).toBe(
      usual.terms[0]?.ms,
    );

    const files = predictPhysicalCopy({ ...measure, fromBlueBytesPerMs: 1_000 });
    expect(files.terms.at(-1)).toEqual({ name: "the way from blue", ms: 15_000 });
    expect(predictPhysicalCopy(measure, 100).terms.at(-1)?.ms).toBe(150_000);

    const short = predictCatchUp(measure, 10_000)?.ms as number;
    expect(predictCatchUp({ ...measure, writesPerSecond: 500 }, 10_000)?.ms).toBeGreaterThan(short);
    expect(predictCatchUp({ ...measure, writesPerSecond: 1e6 }, 10_000)).toBeUndefined();
  });

  test("the estimate of a pause: its steps, usual values for what could not be asked, and earlier flips", () => {
    const nothing = {
      fromRoundTripMs: undefined,
      toRoundTripMs: undefined,
      webMs: undefined,
      gateMs: undefined,
      filesMs: undefined,
      probeMs: undefined,
    };
    const usual = predictPause(nothing, "blue");
    const slow = predictPause({ ...nothing, fromRoundTripMs: 30, toRoundTripMs: 20 }, "blue");
    expect(slow.ms).toBeGreaterThan(usual.ms + 100);
    expect(predictPause({ ...nothing, webMs: 122 }, "blue").ms).toBe(usual.ms + 100);
    expect(predictPause({ ...nothing, probeMs: 400 }, "blue").ms).toBeGreaterThan(usual.ms + 5);
    // The query for the last uploads costs only what is left of it at the commit.
    expect(predictPause({ ...nothing, filesMs: 0 }, "blue").ms).toBe(
      predictPause({ ...nothing, filesMs: 10 }, "blue").ms,
    );
    const history = [
      { from: "blue" as const, pauseMs: usual.ms + 40 },
      { from: "green" as const, pauseMs: usual.ms + 400 },
    ];
    expect(predictPause(nothing, "blue", history).ms).toBe(usual.ms + 20);
    expect(predictPause(nothing, "green", history).ms).toBe(usual.ms + 200);
    expect(predictPause(nothing, "green", history.slice(0, 1)).ms).toBe(usual.ms + 20);
  });
});

describe("adoption", () => {
  const defaults = {
    log_bin: "OFF",
    log_bin_basename: "",
    server_id: "1",
    gtid_domain_id: "0",
    binlog_format: "MIXED",
    binlog_row_image: "FULL",
    log_slave_updates: "OFF",
    gtid_strict_mode: "OFF",
    sync_binlog: "0",
    innodb_flush_log_at_trx_commit: "1",
    expire_logs_days: "10.000000",
    binlog_expire_logs_seconds: "864000",
    ssl_ca: "",
    ssl_cert: "",
    ssl_key: "",
    have_ssl: "DISABLED",
    bind_address: "127.0.0.1",
    skip_networking: "OFF",
    init_file: "",
  };
  const names = (variables: Record<string, string>) =>
    adoptionNeeded(variables, { serverId: 1 }).map(({ setting }) => setting);

  test("Debian's defaults need these changes", () => {
    expect(names(defaults)).toEqual([
      "log_bin",
      "binlog_format",
      "log_slave_updates",
      "gtid_strict_mode",
      "sync_binlog",
      "event_scheduler",
      "ssl_ca",
      "ssl_cert",
      "ssl_key",
      "bind_address",
      "init_file",
    ]);
    for (const change of adoptionNeeded(defaults, { serverId: 1 })) {
      expect(change.reason).not.toBe("");
      expect(change.cost).not.toBe("");
    }
  });

  test("the owner's suitable settings stay: a longer retention, another init_file, a log of another name", () => {
    const own = {
      ...defaults,
      log_bin: "ON",
      log_bin_basename: "/srv/log/mysql-bin",
      binlog_expire_logs_seconds: "0",
      init_file: "/etc/mysql/mine.sql",
      bind_address: "10.0.0.5",
    };
    expect(names(own)).not.toEqual(expect.arrayContaining(["log_bin"]));
    const file = dropIn(own, { serverId: 1 });
    expect(file).toContain("log_bin = /srv/log/mysql-bin\n");
    expect(file).not.toMatch(/binlog_expire|init_file|bind_address/);
  });

  test("versions without seconds keep days", () => {
    const { binlog_expire_logs_seconds: _, ...older } = defaults;
    expect(names({ ...older, expire_logs_days: "3.000000" })).toContain("expire_logs_days");
    expect(names({ ...older, expire_logs_days: "0.000000" })).not.toContain("expire_logs_days");
  });

  test("a restart that is not allowed blocks from sync on, and is announced before", () => {
    const changes = adoptionNeeded(defaults, { serverId: 1 });
    expect(adoptionFinding(changes, { allowRestart: false, adopting: true })).toMatchObject({
      code: "ADOPT_RESTART_NEEDED",
      severity: "block",
    });
    expect(adoptionFinding(changes, { allowRestart: false, adopting: false }).severity).toBe("warn");
    expect(adoptionFinding(changes, { allowRestart: true, adopting: true }).severity).toBe("warn");
    expect(adoptionFinding([], { allowRestart: false, adopting: true }).severity).toBe("pass");
    const atRunTime = changes.map((change) => ({ ...change, restart: false }));
    expect(adoptionFinding(atRunTime, { allowRestart: false, adopting: true })).toMatchObject({
      code: "ADOPT_SETTINGS",
      severity: "pass",
    });
  });

  test("the minute of the restart is the next one of that name", () => {
    const now = new Date("2026-11-21T10:30:20Z");
    expect(nextMinute("10:31", now).toISOString()).toBe("2026-11-21T10:31:00.000Z");
    expect(nextMinute("10:30", now)).toEqual(now);
    expect(nextMinute("03:00", now).toISOString()).toBe("2026-11-22T03:00:00.000Z");
    expect(() => nextMinute("24:00", now)).toThrow(/ADOPT_RESTART_AT/);
  });
});

describe("dumps", () => {
  test("the position is read wherever a version of mariadb-dump puts it", () => {
    expect(dumpPosition("-- x\n-- SET GLOBAL gtid_slave_pos='0-1-5';\n")).toBe("0-1-5");
    expect(dumpPosition("SET GLOBAL gtid_slave_pos='1-1-1,0-1-5';\n")).toBe("0-1-5,1-1-1");
    expect(() => dumpPosition("INSERT INTO t VALUES ('-- SET GLOBAL gtid_slave_pos=')")).toThrow(
      /COPY_NO_POSITION/,
    );
  });

  test("a truncated dump is not complete, wherever it was cut", async () => {
    const text = `-- SET GLOBAL gtid_slave_pos='0-1-7';\n${"x".repeat(200_000)}\n-- Dump completed on 2026-11-21\n`;
    const whole = new DumpMeter();
    for (let at = 0; at < text.length; at += 777) whole.write(text.slice(at, at + 777));
    whole.resume().end();
    await new Promise((resolve) => whole.once("end", resolve));
    expect([whole.gtid, whole.complete, whole.bytes]).toEqual(["0-1-7", true, text.length]);
    const cut = new DumpMeter();
    cut.resume().end(text.slice(0, 100_000));
    await new Promise((resolve) => cut.once("end", resolve));
    expect(cut.complete).toBe(false);
  });

  test("access data may hold backslashes and quotes, and a socket instead of a host", () => {
    const place = { admin: { host: "127.0.0.1", port: 3306 }, adminUser: "wikiadmin" };
    expect(accessFile(place, 'a\\b"c#d')).toBe(
      '[client]\nuser="wikiadmin"\npassword="a\\\\b"c#d"\nhost="127.0.0.1"\nport=3306\n',
    );
    expect(accessFile({ ...place, admin: { host: "/run/mysqld/mysqld.sock", port: 0 } }, "x")).toContain(
      'socket="/run/mysqld/mysqld.sock"',
    );
  });
});

describe("accounts", () => {
  test("the hash is that of PASSWORD()", () => {
    expect(nativePasswordHash("mypass")).toBe("*6C8989366EAF75BB670AD8EA7A7FC1176A95CEF4");
  });

  test("privileges to write through read_only are found in grants, also through roles", () => {
    expect(grantsWritingThrough("GRANT SELECT, READ_ONLY ADMIN ON *.* TO `r1`")).toBe(true);
    expect(grantsWritingThrough("GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` WITH GRANT OPTION")).toBe(
      true,
    );
    expect(grantsWritingThrough("GRANT ALL PRIVILEGES ON `wikidb`.* TO `wikiuser`@`%`")).toBe(false);
    expect(
      withRoles(
        [{ user: "inner", host: "" }],
        [
          { Host: "", User: "outer", Role: "inner" },
          { Host: "%", User: "wikiuser", Role: "outer" },
          { Host: "%", User: "other", Role: "harmless" },
        ],
      ),
    ).toEqual([{ user: "wikiuser", host: "%" }]);
    expect(parseGrantee("'wiki-user'@'10.0.%'")).toEqual({ user: "wiki-user", host: "10.0.%" });
  });
});
