import { type CopyLook, progressOf, type TableLook } from "../../../stacks/mediawiki/status/copying";
import { format } from "../../../stacks/mediawiki/status/format";
import { anythingReached, judge } from "../../../stacks/mediawiki/status/judge";
import type { DatabaseState, Status } from "../../../stacks/mediawiki/status/types";

type Asked = Parameters<typeof judge>[0];

const open: DatabaseState = {
  version: "10.11.18",
  readOnly: false,
  role: { side: "blue", epoch: 2, changedAt: "2026-11-21 11:30:00.000000" },
  follows: null,
  lease: null,
};

const replica: DatabaseState = {
  ...open,
  readOnly: true,
  follows: { running: true, cause: "", message: "", appliedGtid: "0-1-400", lagMs: 3 },
};

const asked = (change: Partial<Asked> = {}): Asked => ({
  stack: "staging",
  wiki: "rehearsal",
  wanted: { phase: "switch", active: "blue", canary: 10 },
  databases: { blue: open, green: replica },
  copy: { state: "copied", gtid: "0-1-381", bytes: 62_300_000, rows: 54_000, copyMs: 3_200 },
  verification: { last: { ok: true, gtid: "0-1-390", tables: 58, rows: "54567", ageMs: 240_000 } },
  uploads: {
    direction: "pull",
    lastPass: { exitCode: 0, filesSent: 2, sentBytes: 2_100, passes: 111, agoMs: 1_500 },
    stopped: null,
    comparison: null,
    keptBytes: null,
  },
  gate: {
    primary: "blue",
    views: "blue",
    canary: 10,
    holdMs: 0,
    held: 0,
    inFlight: { blue: 1, green: 0 },
    up: { blue: true, green: true },
  },
  hosts: {
    found: [
      {
        name: "settings file",
        side: "blue",
        where: "db.example.org:/etc/mysql/mariadb.conf.d/99-wikiferry.cnf",
        found: "log_bin=binlog",
        staysRetired: "it keeps blue closed",
      },
      { name: "containers", side: "green", where: "Docker on this machine", found: "green-gate" },
    ],
    unseen: [],
  },
  journal: {
    last: [{ at: "2026-11-21T11:30:01.000Z", side: "green", step: "cutover", event: "flipped" }],
  },
  ...change,
});

const unreachable = (code: string) => ({ error: { code, found: "no answer" } });

describe("status", () => {
  it("reports where a move stands, one fact per line, and what is legal next", () => {
    expect(format(judge(asked()))).toBe(`\
wiki          rehearsal, stack staging
wanted        phase switch, active blue, canary 10 %
primary       blue, epoch 2, since 2026-11-21 11:30:00 UTC
blue          takes writes, MariaDB 10.11.18
green         read-only, MariaDB 10.11.18; follows blue, lag 3 ms, at 0-1-400
copy          whole, as of 0-1-381: 62.3 MB in 3.2 s
verification  equal 4 min 00 s ago at 0-1-390: 58 tables, 54567 rows
uploads       blue to green, pass 111 ended 1.5 s ago: 2 files, 2.1 kB
gate          edits to blue, page views to blue (10 % to green); holds nothing; in flight: blue 1, green 0; blue up, green up
journal       2026-11-21 11:30:01  green  cutover: flipped
on your hosts db.example.org:/etc/mysql/mariadb.conf.d/99-wikiferry.cnf: log_bin=binlog
next          npx pulumi config set canary 0 && npx pulumi up
                no page views from green
              npx pulumi config set active green && npx pulumi up
                cutover: green takes the edits
`);
    expect(judge(asked()).ok).toBe(true);
  });

  it("reports a copy's progress, in total and by table, with rates and the time left", () => {
    const table = (name: string, bytes: number, rest: Partial<TableLook> = {}) => ({
      name,
      done: false,
      bytes,
      rows: bytes / 100,
      totalBytes: 100_000_000,
      ...rest,
    });
    const look = (atMs: number, textBytes: number): CopyLook => ({
      atMs,
      ageMs: 400,
      percent: 40,
      bytes: textBytes + 1_000_000,
      rows: 12_345,
      bytesPerSecond: 20_000_000,
      leftMs: 9_000,
      tables: [table("page", 1_000_000, { done: true }), table("text", textBytes), table("user", 0)],
    });
    const progress = progressOf(look(1_200, 40_000_000), look(0, 28_000_000));
    expect(progress.tables).toEqual([
      {
        name: "text",
        percent: 40,
        bytes: 40_000_000,
        rows: 400_000,
        bytesPerSecond: 10_000_000,
        leftMs: 6_000,
      },
      { name: "page", percent: 100, bytes: 1_000_000, rows: 10_000 },
    ]);
    const text = format(judge(asked({ copy: { state: "copying", progress } })));
    expect(text).toContain(
      "\ncopy          under way: 40 %, 41.0 MB, 12,345 rows, 20.0 MB/s, 9.0 s left; 1 table is done\n" +
        "                text: 40 %, 40.0 MB, 400,000 rows, 10.0 MB/s, 6.0 s left\n",
    );
    const old = format(
      judge(asked({ copy: { state: "copying", progress: { ...progress, ageMs: 60_000 } } })),
    );
    expect(old).toContain("; its run has said nothing for 1 min");
    expect(progressOf(look(0, 28_000_000)).tables[0]).toEqual({
      name: "text",
      percent: 28,
      bytes: 28_000_000,
      rows: 280_000,
    });
  });

  it("reports how a replica that is far behind catches up", () => {
    const follows = {
      running: true,
      cause: "",
      message: "",
      appliedGtid: "0-1-400",
      lagMs: null,
      catchUp: { behind: 12_000, appliedPerSecond: 2_000, writtenPerSecond: 500, leftMs: 8_000 },
    };
    const text = format(judge(asked({ databases: { blue: open, green: { ...replica, follows } } })));
    expect(text).toContain(
      "follows blue, is more than 3.0 s behind (12000 transactions; applies 2000/s of 500/s new ones, 8.0 s left), at 0-1-400",
    );
  });

  it("names the files of a pass that failed", () => {
    const lastPass = {
      exitCode: 23,
      filesSent: 1,
      sentBytes: 10,
      passes: 7,
      agoMs: 1_000,
      failedFiles: ["a/ab/It's.png"],
    };
    const nothing = { stopped: null, comparison: null, keptBytes: null };
    const text = format(judge(asked({ uploads: { direction: "pull", lastPass, ...nothing } })));
    expect(text).toContain("FAILED with rsync's exit code 23 (a/ab/It's.png)");
  });

  it("shows uploads that are stopped, what the last comparison repaired, and what is kept", () => {
    const lastPass = { exitCode: 5, filesSent: 0, sentBytes: 0, passes: 7, agoMs: 1_000 };
    const stopped = { name: "812-1f3a9c2b", wouldDelete: 812, found: "812 of 900 files would be deleted" };
    const comparison = { told: "20 of 22 files are equal", agoMs: 60_000 };
    const keptBytes = { blue: 1_000, green: 2_000_000 };
    const uploads = { direction: "pull", lastPass, stopped, comparison, keptBytes };
    const status = judge(asked({ uploads }));
    expect(status.ok).toBe(false);
    expect(status.unmet).toContain(
      "the uploads are stopped (FILES_DELETE_HELD): 812 of 900 files would be deleted; files.allowDelete 812-1f3a9c2b lets them go",
    );
    const text = format(status);
    expect(text).toContain("STOPPED: 812 of 900 files would be deleted");
    expect(text).toContain("compared 1 min 00 s ago: 20 of 22 files are equal");
    expect(text).toContain("kept of what was replaced or deleted: 1.0 kB on blue, 2.0 MB on green");
  });

  it("offers only to go on where what is wanted does not hold", () => {
    const status = judge(asked({ wanted: { phase: "switch", active: "green", canary: 0 } }));
    expect(status.ok).toBe(false);
    expect(status.unmet).toEqual([
      "blue is the primary, not green",
      "the gate sends 10 % of page views to green, not 0 %",
    ]);
    expect(status.next).toEqual([{ command: "npx pulumi up", effect: "brings about what the config wants" }]);
  });

  it("names no primary where each side's record names itself, and offers nothing but to correct one", () => {
    const role = { side: "green" as const, epoch: 3, changedAt: "2026-11-21 11:41:57.000000" };
    const status = judge(asked({ databases: { blue: open, green: { ...replica, role } } }));
    expect(status).toMatchObject({ ok: false, primary: null, contested: { code: "CTRL_TWO_PRIMARIES" } });
    expect(status.unmet).toEqual(["no side is the primary by both records"]);
    expect(status.next.map(({ command }) => command)).toEqual(["npm run status"]);
    expect(status.next[0]?.effect).toMatch(/newest edits, and correct wikiferry\.role/);
    expect(format(status)).toContain(
      "\nprimary       CTRL_TWO_PRIMARIES: blue's record names blue (epoch 2), green's record names green (epoch 3)\n",
    );
  });

  it("takes a flip's record that is still on its way, and the word of the side that answers", () => {
    const role = { side: "green" as const, epoch: 3, changedAt: "2026-11-21 11:41:57.000000" };
    const committed = judge(asked({ databases: { blue: { ...open, role }, green: replica } }));
    expect(committed.primary).toEqual(role);
    const heard = judge(asked({ databases: { blue: unreachable("SSH_UNREACHABLE"), green: replica } }));
    expect(heard.primary).toEqual(open.role);
  });

  it("says who holds the lease and that edits are held", () => {
    const lease = { holder: "host:7:ab", purpose: "flip from blue to green", leftMs: 4_200 };
    const held = { ...asked().gate, holdMs: 6_000, held: 3 } as Asked["gate"];
    const status = judge(
      asked({ databases: { blue: { ...open, readOnly: true, lease }, green: replica }, gate: held }),
    );
    const text = format(status);
    expect(text).toContain("              lease of host:7:ab (flip from blue to green), ends in 4.2 s\n");
    expect(text).toContain("HOLDS writes for 6.0 s, 3 wait");
    expect(status.unmet).toEqual(["blue takes no edits"]);
    expect(status.next[0]?.effect).toMatch(/^once the run that holds the lease has ended/);
  });

  it("says in one line what can't be reached, and reports the rest", () => {
    const status = judge(
      asked({
        databases: { blue: unreachable("SSH_UNREACHABLE"), green: replica },
        journal: unreachable("STATUS_TIMEOUT"),
      }),
    );
    const text = format(status);
    expect(text).toContain("\nblue          SSH_UNREACHABLE: no answer\n");
    expect(text).toContain("\njournal       STATUS_TIMEOUT: no answer\n");
    expect(text).toContain("\nverification  equal");
    expect(status.ok).toBe(false);
    expect(anythingReached(status)).toBe(true);
    expect(status.next.map(({ command }) => command)).toEqual(["npx pulumi preview"]);
  });

  it("is a failure only where nothing at all answers", () => {
    const nothing = unreachable("DB_UNREACHABLE");
    const status = judge(
      asked({
        databases: { blue: nothing, green: nothing },
        copy: nothing,
        verification: nothing,
        uploads: nothing,
        gate: unreachable("GATE_UNREACHABLE"),
        journal: nothing,
      }),
    );
    expect(anythingReached(status)).toBe(false);
    expect(status.primary).toBeNull();
  });

  it("says how far changes were compared since the last full comparison", () => {
    const last = {
      ok: true,
      gtid: "0-1-99",
      tables: 2,
      rows: "7",
      ageMs: 4_000,
      whole: "0-1-50",
      changedRows: 12,
    };
    expect(format(judge(asked({ verification: { last } })))).toContain(
      "verification  equal 4.0 s ago at 0-1-99: 2 tables, 7 rows, whole at 0-1-50 and 12 changed rows since\n",
    );
  });

  it("does not miss a gate before phase switch", () => {
    const status = judge(
      asked({
        wanted: { phase: "sync", active: "blue", canary: 0 },
        gate: unreachable("GATE_UNREACHABLE"),
      }),
    );
    expect(status.ok).toBe(true);
    expect(format(status)).toContain("gate          not made yet: phase switch makes it\n");
    expect(status.next).toEqual([
      {
        command: "npx pulumi config set phase switch && npx pulumi up",
        effect: "the gate carries all traffic, still to blue",
      },
    ]);
  });

  it("does not miss a retired blue", () => {
    const role = { side: "green" as const, epoch: 3, changedAt: "2026-11-21 11:41:57.000000" };
    const status = judge(
      asked({
        wanted: { phase: "retire", active: "green", canary: 0 },
        databases: { blue: unreachable("SSH_UNREACHABLE"), green: { ...open, role } },
        gate: { ...asked().gate, primary: "green", views: "green", canary: 0 } as Asked["gate"],
      }),
    );
    expect(status.ok).toBe(true);
    expect(format(status)).toMatch(/\nnext {10}nothing: the move is over\n$/);
  });

  it("names why a side does not follow", () => {
    const follows = {
      running: false,
      cause: "REPL_ROW_MISSING",
      message: "Can't find record in 'page'",
      appliedGtid: "0-1-4",
      lagMs: null,
    };
    const status = judge(asked({ databases: { blue: open, green: { ...replica, follows } } }));
    expect(format(status)).toContain(
      "green         read-only, MariaDB 10.11.18; does not follow blue: REPL_ROW_MISSING (Can't find record in 'page')\n",
    );
    expect(status.unmet).toEqual(["green does not follow"]);
  });

  it("keeps the shape of its JSON", () => {
    const keys = (value: Status) => Object.keys(value).sort();
    expect(keys(judge(asked()))).toEqual([
      "contested",
      "copy",
      "databases",
      "gate",
      "hosts",
      "journal",
      "next",
      "ok",
      "primary",
      "stack",
      "unmet",
      "uploads",
      "verification",
      "wanted",
      "wiki",
    ]);
  });
});
