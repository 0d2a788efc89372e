import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { Journal, readJournal } from "../../../../../engine/control/mariadb/journal";
import { readLease } from "../../../../../engine/control/mariadb/lease";
import { readRole } from "../../../../../engine/control/mariadb/role";
import { otherSide, type Side } from "../../../../../engine/move";
import { accountsLocked } from "../../../../../engine/movers/mariadb/accounts/accounts";
import type { CutoverContext } from "../../../../../engine/movers/mariadb/cutover/context";
import { cutover, recover } from "../../../../../engine/movers/mariadb/cutover/cutover";
import { attemptSteps } from "../../../../../engine/movers/mariadb/cutover/protocol";
import { armWatchdog } from "../../../../../engine/movers/mariadb/fencing/watchdog";
import {
  isFollowing,
  outOfOrder,
  waitForGtid,
} from "../../../../../engine/movers/mariadb/replication/follow";
import { positions, replicationStatus } from "../../../../../engine/movers/mariadb/replication/status";
import { verify } from "../../../../../engine/movers/mariadb/verify/verify";
import type { Session } from "../../../../../engine/runtime/mariadb/server";
import { deriveSecret } from "../../../../../engine/secrets";
import { localDocker } from "../../../../../scripts/setup/localEngine";
import type { ChildCall, ChildOrder } from "../../../../support/cutoverChild";
import { DockerWorld } from "../../../../support/dockerWorld";
import { Editors } from "../../../../support/editors";
import { type FollowingPair, startFollowingPair } from "../../../../support/followingPair";
import { smallDisk } from "../../../../support/smallDisk";
import { until } from "../../../../support/until";

const limits = {
  maxLagMs: 500,
  lagStableMs: 500,
  lagWaitMs: 20_000,
  drainMs: 6_000,
  catchUpMs: 6_000,
  attemptMs: 12_000,
  longTransactionMs: 1_000,
  verificationMaxAgeMs: 600_000,
};

/** For what ends only when a time is over. */
const shortLimits = { ...limits, catchUpMs: 1_500, attemptMs: 4_000 };

const world = new DockerWorld();
let pair: FollowingPair;
let editors: Editors;
let runs = 0;
/** Whether a flip has come to what `preceding` puts before a call. */
let troubled = false;

beforeAll(async () => {
  const [blueDisk, greenDisk] = [await smallDisk(world, "blue", 500), await smallDisk(world, "green", 500)];
  pair = await startFollowingPair({ volumes: { blue: blueDisk, green: greenDisk } });
  const { blue, database } = pair;
  for (const server of [blue, pair.green]) await armWatchdog(server);
  await blue.run(
    "CREATE TABLE ??.edit (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, token VARCHAR(40) CHARACTER SET ascii NOT NULL, KEY (token))",
    [database],
  );
  await blue.run("CREATE TABLE ??.counter (id INT PRIMARY KEY, n INT NOT NULL)", [database]);
  await blue.run("CREATE TABLE ??.elsewhere (id INT PRIMARY KEY)", [database]);
  for (let writer = 0; writer < 8; writer++)
    await blue.run("INSERT INTO ??.counter VALUES (?, 0)", [database, writer]);
  expect(await waitForGtid(pair.green, (await positions(blue)).binlog, 20_000)).toBe(true);
  editors = await Editors.start(pair, { writers: 8, perSecond: 300 });
  await editors.acknowledges(50);
});

afterAll(async () => {
  await editors?.stop();
  await pair?.stop();
  await world.close();
});

function context(changes: Partial<CutoverContext> = {}): CutoverContext {
  return {
    servers: { blue: pair.blue, green: pair.green },
    database: pair.database,
    appUser: "wikiuser",
    replicationPassword: pair.replicationPassword,
    limits,
    controls: editors,
    journal: new Journal(pair.green),
    holder: `test:${process.pid}:${runs++}`,
    report: () => {},
    findBlockers: async () => [],
    ...changes,
  };
}

/** Surroundings in which one call is preceded by something else. */
function preceding(
  call: keyof Editors & string,
  trouble: () => Promise<unknown>,
  controls = editors,
): Editors {
  return new Proxy(controls, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return async (...args: unknown[]) => {
        if (name === call) {
          troubled = true;
          await trouble();
        }
        return value.apply(target, args);
      };
    },
  });
}

/**
 * Checks that `active` is the primary in every respect, and that nothing acknowledged is missing or doubled anywhere.
 */
async function expectSettled(active: Side): Promise<void> {
  await editors.acknowledges(30);
  const passive = otherSide(active);
  expect({ routed: editors.routed, held: editors.isHeld, jobs: editors.jobs }).toEqual({
    routed: active,
    held: false,
    jobs: active,
  });
  for (const side of ["blue", "green"] as const) {
    expect((await readRole(pair[side]))?.role).toBe(active);
    expect(await pair[side].value("SELECT @@GLOBAL.read_only")).toBe(side === active ? "0" : "1");
    expect(await accountsLocked(pair[side], "wikiuser")).toBe(false);
    expect((await readLease(pair[side]))?.leftMs ?? 0).toBeLessThanOrEqual(0);
  }
  expect(await replicationStatus(pair[active])).toBeUndefined();
  const status = await replicationStatus(pair[passive]);
  expect(isFollowing(status, pair[active].place.replication)).toBe(true);
  // Whatever was acknowledged before this moment is in the comparison.
  await editors.hold();
  expect(await editors.drain(5_000)).toBe(0);
  expect(await waitForGtid(pair[passive], (await positions(pair[active])).binlog, 10_000)).toBe(true);
  await editors.lastFiles(active, passive);
  for (const side of [active, passive])
    expect(await editors.compare(side)).toEqual({ lost: [], doubled: [], lostFiles: [] });
  await editors.release();
}

/** Makes `side` the primary, whatever it takes. */
async function makePrimary(side: Side): Promise<void> {
  await cutover(context(), { from: otherSide(side), to: side });
  await expectSettled(side);
}

test("ten flips back and forth under 300 writes/s lose and double nothing", async () => {
  let from: Side = "blue";
  const pauses: number[] = [];
  for (let flip = 1; flip <= 10; flip++) {
    const to = otherSide(from);
    const result = await cutover(context(), { from, to });
    pauses.push(result.readOnlyMs);
    console.log(
      `${from} → ${to}: fence to open ${result.readOnlyMs} ms, write pause ${result.writePauseMs} ms, held ${result.holdMs} ms; ${result.steps.map(({ name, ms }) => `${name} ${ms}`).join(", ")}`,
    );
    expect(result).toMatchObject({ from, to, alreadyThere: false, epoch: flip });
    await expectSettled(to);
    from = to;
  }
  const sorted = pauses.sort((a, b) => a - b);
  console.log(
    `${editors.acknowledged.size} writes acknowledged, ${editors.failed.length} failed; fence to open: median ${sorted[5]} ms, longest ${sorted[9]} ms`,
  );
  expect(editors.failed).toEqual([]);
  expect((await verify(pair.blue, pair.green, pair.database)).ok).toBe(true);
}, 180_000);

test("statements take turns only while no write waits", async () => {
  const { blue, green } = pair;
  const from = (await readRole(blue))?.role as Side;
  const unhurried = new Set<string>();
  const report: CutoverContext["report"] = ({ step }) => {
    if (blue.spacing && blue.spacing === green.spacing) unhurried.add(step);
  };
  await cutover(context({ report }), { from, to: otherSide(from) });
  expect([...unhurried]).toEqual([
    "ask the guardrails",
    "quiesce",
    "gate the lag",
    "declare the intent",
    "recover",
  ]);
  expect([blue.spacing, green.spacing]).toEqual([undefined, undefined]);

  const rescue = new Map<string, boolean>();
  const failing = preceding("hold", async () => {
    throw new Error("no hold today");
  });
  const noted: CutoverContext["report"] = ({ step }) => {
    rescue.set(step, blue.spacing !== undefined);
  };
  const back = cutover(context({ controls: failing, report: noted }), {
    from: otherSide(from),
    to: from,
  });
  await expect(back).rejects.toThrow("no hold today");
  expect(rescue.get("undo")).toBe(false);
  await expectSettled(otherSide(from));
});

test("a second run does nothing", async () => {
  const side = (await readRole(pair.blue))?.role as Side;
  const traces = () =>
    Promise.all(
      [pair.blue, pair.green].map((server) =>
        server.row(`SELECT (SELECT CONCAT(epoch, changed_at) FROM wikiferry.role) AS role,
          (SELECT beat FROM wikiferry.heartbeat) AS beat, (SELECT COUNT(*) FROM wikiferry.journal) AS journal,
          (SELECT updated_at FROM wikiferry.checkpoint WHERE name = 'probe') AS probe`),
      ),
    );
  const before = await traces();
  const result = await cutover(context(), { from: otherSide(side), to: side });
  expect(result).toMatchObject({ alreadyThere: true, steps: [], writePauseMs: 0 });
  expect(await traces()).toEqual(before);
  await expectSettled(side);
});

test("what an administrator writes on the new primary just before the commit blocks nothing, and reaches the old one", async () => {
  await makePrimary("blue");
  let atCommit = () => {};
  const commitBegins = new Promise<void>((resolve) => (atCommit = resolve));
  // The commit waits for the last files. The old primary receives what was written after its commit only then.
  const strayed = preceding("lastFiles", async () => {
    await commitBegins;
    await pair.blue.run("STOP SLAVE IO_THREAD");
    await pair.green.run("INSERT INTO ??.edit (token) VALUES ('stray')", [pair.database]);
  });
  let committed = false;
  const refused = async () => (await replicationStatus(pair.blue))?.sqlError.number === outOfOrder;
  const turned = async () => committed && until("blue's refusal", refused);
  const controls = preceding("turn", turned, strayed);
  const report: CutoverContext["report"] = ({ step, message }) => {
    if (step === "commit") atCommit();
    if (!message.startsWith("committed as")) return;
    committed = true;
    pair.blue.run("START SLAVE IO_THREAD").catch(() => {});
  };
  const result = await cutover(context({ controls, report }), { from: "blue", to: "green" });
  expect(result.alreadyThere).toBe(false);
  await expectSettled("green");
  for (const side of ["blue", "green"] as const) {
    const found = "SELECT COUNT(*) FROM ??.edit WHERE token = 'stray'";
    expect(await pair[side].value(found, [pair.database])).toBe("1");
    expect(await pair[side].value("SELECT @@GLOBAL.gtid_strict_mode")).toBe("1");
  }
});

describe("a step that fails before the commit is undone", () => {
  const opened: Session[] = [];
  /** A session that ends with the test, and its locks with it. */
  const openSession = async (side: Side) => {
    const session = await pair[side].open();
    opened.push(session);
    await session.run("SET SESSION sql_log_bin = 0");
    return session;
  };
  beforeEach(() => makePrimary("blue"));
  afterEach(() => {
    for (const session of opened.splice(0)) session.destroy();
  });

  /** Flips. Tries again where a busy machine refuses the attempt before the trouble that the test prepares. */
  async function flip(controls: Editors, changes: Partial<CutoverContext> = {}) {
    for (;;) {
      troubled = false;
      try {
        return await cutover(context({ controls, ...changes }), { from: "blue", to: "green" });
      } catch (error) {
        const code = String((error as { code?: unknown }).code);
        if (troubled || !/^(PRIMARY_LAG|WORK_\w+|CUTOVER_TIMEOUT)$/.test(code)) throw error;
        await recover(context());
      }
    }
  }

  test("a blocker forbids it before anything is changed", async () => {
    const blocker = { code: "FLIP_X", severity: "block" as const, found: "it rains", remedy: "Wait" };
    await expect(flip(editors, { findBlockers: async () => [blocker] })).rejects.toThrow("FLIP_X: it rains");
    await expectSettled("blue");
  });

  test("a replica that does not stay close is waited for and then refused", async () => {
    await pair.green.run("STOP SLAVE SQL_THREAD");
    // Replication is repaired first, so the lag must come after that.
    const slow = preceding("quiesce", async () => void (await pair.green.run("STOP SLAVE SQL_THREAD")));
    await expect(flip(slow, { limits: { ...limits, lagWaitMs: 2_000 } })).rejects.toMatchObject({
      code: "PRIMARY_LAG",
    });
    await expectSettled("blue");
  });

  test("a replica that can't catch up", async () => {
    const locker = await openSession("green");
    const stuck = preceding("hold", async () => {
      await locker.run("LOCK TABLES ??.edit READ", [pair.database]);
      await editors.acknowledges(5);
    });
    await expect(flip(stuck, { limits: { ...limits, catchUpMs: 1_500 } })).rejects.toMatchObject({
      code: "CUTOVER_CATCH_UP",
    });
    locker.destroy();
    await expectSettled("blue");
  });

  test("LOCK TABLES under the fence", async () => {
    const locker = await openSession("blue");
    const locked = preceding(
      "drain",
      async () => void (await locker.run("LOCK TABLES ??.elsewhere WRITE", [pair.database])),
    );
    await expect(flip(locked)).rejects.toMatchObject({ code: "CUTOVER_FENCE_BLOCKED" });
    locker.destroy();
    await expectSettled("blue");
  });

  test("uploads that can't be copied", async () => {
    const broken = preceding("lastFiles", () => Promise.reject(new Error("no space left")));
    await expect(flip(broken)).rejects.toThrow("no space left");
    await expectSettled("blue");
  });

  test("a lease that another operator took before the commit", async () => {
    const stolen = preceding("lastFiles", async () => {
      await (await pair.blue.sessionWithoutBinlog()).run(
        "UPDATE wikiferry.lease SET holder = 'someone', expires_at = UTC_TIMESTAMP(6)",
      );
    });
    await expect(flip(stolen)).rejects.toMatchObject({ code: "CTRL_REFUSED" });
    // A run without a lease may clean nothing up; the next one does.
    expect((await recover(context())).primary).toBe("blue");
    await expectSettled("blue");
  });

  test("two operators at once: one flips, the other is refused or finds it done", async () => {
    const results = await Promise.allSettled([flip(editors), flip(editors)]);
    const outcomes = results.map((result) => {
      if (result.status === "rejected") return (result.reason as { code: string }).code;
      return result.value.alreadyThere ? "found it done" : "flipped";
    });
    expect(outcomes.filter((outcome) => outcome === "flipped")).toHaveLength(1);
    expect(["CTRL_LEASE_HELD", "found it done"]).toContain(outcomes.find((outcome) => outcome !== "flipped"));
    await expectSettled("green");
    await makePrimary("blue");
  });

  test("a privileged writer that the fence does not stop", async () => {
    let writing = true;
    const writers: Promise<void>[] = [];
    const write = async (id: number, begun: () => void) => {
      const admin = await pair.blue.open();
      while (writing) {
        await admin.run("UPDATE ??.counter SET n = n + 1 WHERE id = ?", [pair.database, id]);
        begun();
      }
      await admin.close();
    };
    const stray = preceding("drain", () =>
      Promise.all([4, 5, 6, 7].map((id) => new Promise<void>((begun) => writers.push(write(id, begun))))),
    );
    try {
      await expect(flip(stray)).rejects.toMatchObject({ code: "CUTOVER_STRAY_WRITE" });
    } finally {
      writing = false;
      await Promise.all(writers);
    }
    await expectSettled("blue");
  });

  test("a target that hangs", async () => {
    const green = localDocker().getContainer(pair.containers.green);
    const paused = preceding("hold", async () => void (await green.pause()));
    try {
      await expect(flip(paused, { limits: shortLimits })).rejects.toMatchObject({ code: "CUTOVER_TIMEOUT" });
      // Blue serves though green is still away.
      expect({ routed: editors.routed, held: editors.isHeld }).toEqual({ routed: "blue", held: false });
      await editors.acknowledges(50);
    } finally {
      await green.unpause();
    }
    await recover(context());
    await expectSettled("blue");
  });

  test("the journal records it", async () => {
    const events = (await readJournal(pair.green)).filter((entry) => entry.step === "cutover");
    expect(events.map((entry) => entry.event)).toEqual(
      expect.arrayContaining(["intent", "undone", "flipped"]),
    );
    expect(JSON.stringify(events)).not.toContain(pair.replicationPassword);
  });
});

describe("a run killed at any point is recovered by the next, which reaches the intended end", () => {
  beforeAll(() => makePrimary("blue"));

  /** Runs a flip in a process that kills itself before an action. Returns what it was about to do. */
  async function killed(from: Side, before: string): Promise<string> {
    const child: ChildProcess = fork(join(__dirname, "../../../../support/cutoverChild.ts"), {
      execArgv: ["--import", "tsx"],
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    let last = "nothing";
    // An answer to a process that has killed itself meanwhile.
    child.on("error", () => {});
    child.on(
      "message",
      (message: Partial<ChildCall> & { killed?: string; finished?: true; threw?: string }) => {
        if (message.killed) last = message.killed;
        if (message.finished) last = "finished";
        if (message.threw) last = `threw ${message.threw}`;
        if (!message.call) return;
        const work = (editors[message.call] as (...args: unknown[]) => Promise<unknown>).apply(
          editors,
          message.args ?? [],
        );
        work.then(
          (result) => child.connected && child.send({ result }),
          (error: unknown) => child.connected && child.send({ error: String(error) }),
        );
      },
    );
    const order: ChildOrder = {
      places: { blue: pair.blue.place, green: pair.green.place },
      passwords: {
        blue: pair.secrets.blueAdminPassword,
        green: deriveSecret(pair.secrets.masterSecret, "mariadb-admin"),
      },
      sshPrivateKey: pair.secrets.sshPrivateKey,
      database: pair.database,
      replicationPassword: pair.replicationPassword,
      // The next run waits until its lease has ended.
      limits: shortLimits,
      from,
      to: otherSide(from),
      killBefore: before,
    };
    child.send(order);
    await new Promise((resolve) => child.once("exit", resolve));
    return last;
  }

  const steps = attemptSteps.slice(attemptSteps.indexOf("declare the intent"));
  const committed = attemptSteps.indexOf("commit");
  const actions: [action: string, isCommitted: boolean][] = [
    ...steps.map((step): [string, boolean] => [step, attemptSteps.indexOf(step) > committed]),
    ["turn", true],
    ["resume", true],
  ];

  test.each(actions)("killed before it would %s", async (action, isCommitted) => {
    const from = (await readRole(pair.blue))?.role as Side;
    const to = otherSide(from);
    expect(await killed(from, action)).toBe(action);
    const start = performance.now();
    const result = await cutover(context(), { from, to });
    console.log(`killed before "${action}"; mended in ${Math.round(performance.now() - start)} ms`);
    // What is committed only goes forward.
    expect(result.alreadyThere).toBe(isCommitted);
    await expectSettled(to);
  });
});
