import { judgeWebTiers, type WebAnswer } from "../../../../../engine/apps/mediawiki/guardrails";
import type { Finding, Severity } from "../../../../../engine/finding";
import { clockFinding, roomFinding } from "../../../../../engine/movers/mariadb/preflight/guardrails/control";
import { list } from "../../../../../engine/movers/mariadb/preflight/guardrails/guardrail";
import {
  objectDifferences,
  type SchemaObject,
} from "../../../../../engine/movers/mariadb/preflight/guardrails/objects";
import { rightsOn } from "../../../../../engine/movers/mariadb/preflight/guardrails/rights";
import { stepAhead } from "../../../../../engine/operations/preflight/index";
import { lastingOf, passingCodes } from "../../../../../engine/operations/preflight/lasting";
import { flipOutlook, type Step, wayInOutlook } from "../../../../../engine/operations/preflight/outlook";

describe("clocks", () => {
  test.each([
    [[0, 400, -500], "pass"],
    [[0, 0, 1_500], "warn"],
    [[0, -3_000, 3_000], "block"],
    [[0, 5_000, 5_000], "warn"],
    [[0, 5_001, 5_001], "block"],
  ] as [number[], Severity][])("%j ms ahead: %s", (offsets, severity) => {
    const sides = ["this machine", "blue", "green"];
    const finding = clockFinding(
      offsets.map((offsetMs, index) => ({ side: sides[index] as string, offsetMs })),
    );
    expect(finding).toMatchObject({ code: "CTRL_CLOCK", severity });
  });

  test("the two that are furthest apart are named", () => {
    expect(
      clockFinding([
        { side: "this machine", offsetMs: 0 },
        { side: "blue", offsetMs: -4_000 },
        { side: "green", offsetMs: 4_000 },
      ]).found,
    ).toBe("the clock of green is 8.0 s ahead of that of blue (limit 5 s)");
  });
});

test("space for the binary log is that of the side with the least", () => {
  const mebibyte = 1024 * 1024;
  const of = (blue: number, green: number) =>
    roomFinding([
      { side: "blue", bytes: blue * mebibyte },
      { side: "green", bytes: green * mebibyte },
    ]);
  expect(of(5_000, 1_024).severity).toBe("pass");
  expect(of(5_000, 1_023)).toMatchObject({
    severity: "warn",
    found: expect.stringContaining("green has 1023"),
  });
  expect(of(255, 5_000)).toMatchObject({ severity: "block", found: expect.stringContaining("blue has 255") });
});

describe("rights on the wiki's database", () => {
  const rights = (...grants: string[]) => [...rightsOn("wiki_db", grants)].sort();

  test("its own, everyone's, and none of another database's", () => {
    expect(
      rights(
        "GRANT USAGE ON *.* TO `w`@`%` IDENTIFIED BY PASSWORD '*1'",
        "GRANT SELECT, INSERT ON `wiki_db`.* TO `w`@`%`",
        "GRANT CREATE TEMPORARY TABLES ON *.* TO `w`@`%`",
        "GRANT DELETE ON `other`.* TO `w`@`%`",
        "GRANT UPDATE (c) ON `wiki_db`.`page` TO `w`@`%`",
      ),
    ).toEqual(["CREATE TEMPORARY TABLES", "INSERT", "SELECT"]);
  });

  test("patterns count as MariaDB reads them", () => {
    expect(rights("GRANT SELECT ON `wiki\\_db`.* TO `w`@`%`")).toEqual(["SELECT"]);
    expect(rights("GRANT SELECT ON `wiki%`.* TO `w`@`%`")).toEqual(["SELECT"]);
    expect(rights("GRANT SELECT ON `wiki\\%`.* TO `w`@`%`")).toEqual([]);
    expect(rights("GRANT SELECT ON `wiki.db`.* TO `w`@`%`")).toEqual([]);
    expect(rights("GRANT ALL PRIVILEGES ON `wiki_db`.* TO `w`@`%` WITH GRANT OPTION")).toEqual([
      "ALL PRIVILEGES",
    ]);
  });
});

test("views, triggers, routines and events: missing, too many, another definer, another text", () => {
  const object = (name: string, change: Partial<SchemaObject> = {}): SchemaObject => ({
    kind: "view",
    name,
    definer: "w@%",
    text: "select 1",
    ...change,
  });
  const originals = [object("a"), object("b"), object("c"), object("d"), object("d", { kind: "trigger" })];
  const copies = [
    object("a"),
    object("b", { definer: "root@localhost" }),
    object("c", { text: "select 2" }),
    object("d"),
    object("e"),
  ];
  expect(objectDifferences(originals, copies)).toEqual([
    "view b runs as root@localhost instead of w@%",
    "view c is another",
    "trigger d is missing",
    "view e is there",
  ]);
});

test("long lists are cut, and say so", () => {
  expect(list(["a", "b"])).toBe("a, b");
  expect(list(["a", "b", "c"], 2)).toBe("a, b and 1 more");
});

describe("web tiers", () => {
  const answer = (change: Partial<WebAnswer["info"]> = {}, answerMs = 80): WebAnswer => ({
    side: "green",
    info: { version: "1.39.17", readOnly: false, readOnlyReason: "", anonymousRead: true, ...change },
    answerMs,
  });
  const blue: WebAnswer = { ...answer(), side: "blue" };
  const amiss = (green: WebAnswer) =>
    judgeWebTiers(blue, green)
      .filter(({ severity }) => severity !== "pass")
      .map(({ code, severity }) => `${severity} ${code}`);

  test("a passive side that is read-only by its database is as it should be", () => {
    expect(amiss(answer())).toEqual([]);
    const readOnlyReason = "The primary database server is running in read-only mode.";
    expect(amiss(answer({ readOnly: true, readOnlyReason }))).toEqual([]);
  });

  test("read-only by $wgReadOnly or its file, another release, a slow answer", () => {
    expect(amiss(answer({ readOnly: true, readOnlyReason: "We are moving" }))).toEqual([
      "block APP_READ_ONLY",
    ]);
    expect(amiss(answer({ version: "1.43.1" }))).toEqual(["block APP_VERSION"]);
    expect(amiss(answer({ version: "1.39.3" }))).toEqual([]);
    expect(amiss(answer({}, 2_500))).toEqual(["warn APP_SLOW"]);
  });

  test("read rights that differ prevent sending anyone there, but not going back", () => {
    expect(amiss(answer({ version: "", anonymousRead: false }))).toEqual(["block APP_READ_RIGHT"]);
    const back = judgeWebTiers(answer({ version: "", anonymousRead: false }), blue);
    expect(back.filter(({ severity }) => severity !== "pass")).toMatchObject([
      { code: "APP_READ_RIGHT", severity: "warn" },
    ]);
  });
});

describe("a flip in preview", () => {
  const finding = (code: string, severity: Severity = "block"): Finding => ({
    code,
    severity,
    found: "something",
    remedy: severity === "pass" ? "" : "Mend it",
  });
  const shown = (findings: Finding[], step: Step, told: Finding[] = []) =>
    flipOutlook(findings, step, told).map(({ code, severity }) => `${severity} ${code}`);

  test("one that nobody asks for forbids nothing, and is reported", () => {
    const found = [finding("WORK_XA"), finding("REPL_STOPPED"), finding("CTRL_CLOCK", "warn")];
    expect(shown(found, "none")).toEqual(["warn WORK_XA", "warn REPL_STOPPED", "warn CTRL_CLOCK"]);
    expect(flipOutlook(found, "none")[0]?.found).toBe("something: a flip would be refused now");
  });

  test("one that the config asks for is refused, except for what the run itself repairs", () => {
    expect(
      shown(
        [
          finding("WORK_XA"),
          finding("REPL_STOPPED"),
          finding("VERIFY_STALE"),
          finding("PRIMARY_READ_ONLY"),
          finding("REPL_RING"),
          finding("CTRL_LEASE_HELD"),
          finding("REPL_ERRANT_GTID"),
          finding("SCHEMA_CASE", "pass"),
        ],
        "flip",
      ),
    ).toEqual([
      "block WORK_XA",
      "warn REPL_STOPPED",
      "warn VERIFY_STALE",
      "warn PRIMARY_READ_ONLY",
      "warn REPL_RING",
      "warn CTRL_LEASE_HELD",
      "block REPL_ERRANT_GTID",
      "pass SCHEMA_CASE",
    ]);
  });

  test("phase switch and a canary are refused for lasting conditions, not for what passes or the run repairs", () => {
    const standing = ["SCHEMA_TABLES", "RIGHTS_MISSING", "APP_ANSWERS", "APP_READ_RIGHT", "CTRL_DISK_SPACE"];
    expect(
      shown(
        [...standing, "VERIFY_MISMATCH", "ANY_NEW_CODE"].map((code) => finding(code)),
        "switch",
      ),
    ).toEqual([...standing, "VERIFY_MISMATCH", "ANY_NEW_CODE"].map((code) => `block ${code}`));
    const passing = passingCodes.filter((code) => !["VERIFY_MISMATCH", "REPL_DURABILITY"].includes(code));
    expect(
      shown(
        passing.map((code) => finding(code)),
        "switch",
      ),
    ).toEqual(passing.map((code) => `warn ${code}`));
    expect(shown([finding("REPL_DURABILITY")], "switch")).toEqual(["pass REPL_DURABILITY"]);
  });

  test("these codes pass by themselves, or a run repairs them; every other one lasts", () => {
    const of = (lasting: string) => passingCodes.filter((code) => lastingOf(code) === lasting).sort();
    expect(of("passes")).toEqual([
      "APP_JOBS",
      "APP_SLOW",
      "CTRL_CLOCK",
      "DB_UNREACHABLE",
      "PRIMARY_LAG",
      "RIGHTS_PRIVILEGED_SESSION",
      "RIGHTS_PRIVILEGED_WRITER",
      "WORK_BACKUP",
      "WORK_DDL",
      "WORK_DUMP",
      "WORK_LONG_TRANSACTION",
      "WORK_TABLE_LOCK",
    ]);
    expect(of("every run")).toEqual([
      "CONTAINER_MISSING",
      "CTRL_EVENTS",
      "CTRL_LEASE_HELD",
      "PRIMARY_READ_ONLY",
      "PRIMARY_SECOND_WRITER",
      "REPL_ACCESS_DENIED",
      "REPL_DURABILITY",
      "REPL_IO",
      "REPL_RING",
      "REPL_SOURCE",
      "REPL_STOPPED",
      "REPL_TLS",
      "REPL_UNREACHABLE",
      "VERIFY_MISSING",
      "VERIFY_STALE",
      "WEB_UNREACHABLE",
    ]);
    expect(of("flip")).toEqual(["VERIFY_MISMATCH"]);
    expect(lastingOf("SCHEMA_TABLES")).toBeUndefined();
  });

  test("a flip, the first traffic and a larger canary are steps; going back or staying is none", () => {
    const wanted = (gate: boolean, canary: number) => ({ active: "blue" as const, gate, canary });
    expect(stepAhead("green", wanted(true, 0), { canary: 0 })).toBe("flip");
    expect(stepAhead("blue", wanted(true, 0), undefined)).toBe("switch");
    expect(stepAhead("blue", wanted(true, 10), { canary: 5 })).toBe("switch");
    expect(stepAhead("blue", wanted(true, 5), { canary: 10 })).toBe("none");
    expect(stepAhead("blue", wanted(true, 0), { canary: 0 })).toBe("none");
    expect(stepAhead("blue", wanted(false, 0), undefined)).toBe("none");
  });

  test("findings about the gate's path are reported before phase switch, refuse the phase, and refuse no run after it", () => {
    const told = (code: string, when: Parameters<typeof wayInOutlook>[1]) =>
      wayInOutlook([finding(code)], when).map(({ severity, found }) => `${severity} ${found}`);
    expect(told("WEB_REDIRECT_LOOP", "before switch")).toEqual([
      "warn something: phase switch is refused until this is fixed",
    ]);
    expect(told("WEB_REDIRECT_LOOP", "at switch")).toEqual(["block something"]);
    expect(told("WEB_REDIRECT_LOOP", "in switch")).toEqual(["warn something"]);
    expect(told("APP_PRIVATE", "before switch")).toEqual(["block something"]);
  });

  test("what was already reported is not repeated, unless it forbids the flip", () => {
    const told = [finding("SCHEMA_DEFINERS", "warn"), finding("NO_PRIMARY_KEY", "warn")];
    const found = [finding("SCHEMA_DEFINERS"), finding("NO_PRIMARY_KEY", "warn")];
    expect(shown(found, "flip", told)).toEqual(["block SCHEMA_DEFINERS"]);
  });
});
