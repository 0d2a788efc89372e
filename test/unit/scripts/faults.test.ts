import type { AddressInfo } from "node:net";
import { connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { faults } from "../../../scripts/faults/faults";
import { compare } from "../../../scripts/faults/judge";
import { pointOf } from "../../../scripts/faults/operator/order";
import { parseOptions } from "../../../scripts/faults/options";
import { faultOf, type Point, planRun, pointsIn } from "../../../scripts/faults/plan";
import { TcpProxy } from "../../../scripts/faults/proxy";
import { format, reportOf } from "../../../scripts/faults/report";
import type { RunResult } from "../../../scripts/faults/run";
import { longestReadOnlyMs, rightfulOf, type Sample, twoWriterSamples } from "../../../scripts/faults/spans";

const names = faults.map(({ name }) => name);
const points: Point[] = [
  "quiesce: SIDE → SIDE",
  "gate the lag: SIDE → SIDE",
  "declare the intent: SIDE → SIDE",
  "hold the writes: SIDE → SIDE",
  "fence the primary: SIDE → SIDE",
  "read the position: SIDE → SIDE",
  "catch up: SIDE → SIDE",
  "commit: SIDE → SIDE",
  "commit: committed as GTID",
  "turn the gate: SIDE → SIDE",
  "settle: SIDE → SIDE",
].map((name, index) => ({ name, leftMs: 100 - 10 * index }));

describe("a campaign's plan", () => {
  test("follows from seed and index alone", () => {
    const plans = () =>
      [0, 1, 2].map((index) => {
        const { random, ...plan } = planRun(3, index, faults, points);
        return { ...plan, drawn: random.next() };
      });
    expect(plans()).toEqual(plans());
    expect(planRun(3, 0, faults, points)).not.toEqual(planRun(4, 0, faults, points));
  });

  test("has every fault at least ten times in 300 runs, whatever the seed", () => {
    fc.assert(
      fc.property(fc.nat(1_000_000), (seed) => {
        const drawn = Array.from({ length: 300 }, (_, index) => faultOf(seed, index, names));
        for (const name of names)
          expect(drawn.filter((one) => one === name).length).toBeGreaterThanOrEqual(10);
      }),
      { numRuns: 20 },
    );
  });

  test("goes back and forth", () => {
    expect(planRun(1, 0, faults, points)).toMatchObject({ from: "blue", to: "green" });
    expect(planRun(1, 1, faults, points)).toMatchObject({ from: "green", to: "blue" });
  });

  test("happens in the part that the fault is for, and not after the flip's end", () => {
    expect(pointsIn("while fenced", points).map(({ name }) => name)).toEqual([
      "read the position: SIDE → SIDE",
      "catch up: SIDE → SIDE",
      "commit: SIDE → SIDE",
    ]);
    expect(pointsIn("the attempt", points).at(-1)?.name).toBe("turn the gate: SIDE → SIDE");
    expect(pointsIn("before the commit", points)).toHaveLength(8);
    for (let index = 0; index < 300; index++) {
      const { at, fault } = planRun(5, index, faults, points);
      const { part, onlyBetween } = faults.find(({ name }) => name === fault) ?? {};
      if (!part) expect(at).toBeUndefined();
      else {
        const point = pointsIn(part, points).find(({ name }) => name === at?.point);
        expect(at?.delayMs).toBeLessThanOrEqual(onlyBetween ? 0 : Math.max(1, point?.leftMs ?? 0));
      }
    }
    expect(() => pointsIn("while fenced", points.slice(0, 3))).toThrow('the step "fence the primary"');
  });

  test("names a point by what is the same in every flip", () => {
    expect(pointOf({ step: "commit", message: "committed as 0-2-3459" })).toBe("commit: committed as GTID");
    expect(pointOf({ step: "gate the lag", message: "lag 12 ms, below 500 ms for 0 of 0.3 s" })).toBe(
      "gate the lag: lag # ms, below # ms for # of # s",
    );
    expect(pointOf({ step: "quiesce", message: "green → blue" })).toBe("quiesce: SIDE → SIDE");
  });
});

/** Samples of 2 ms, one every 20 ms from `begin` on: `o` open, `c` closed, `-` away. */
function samples(
  side: "blue" | "green",
  states: string,
  role: "blue" | "green",
  epoch = 1,
  begin = 0,
): Sample[] {
  return [...states].map((state, index) => {
    const at = { side, begin: begin + index * 20, end: begin + index * 20 + 2 };
    if (state === "-") return { ...at, up: false, open: false };
    return { ...at, up: true, open: state === "o", role, epoch };
  });
}

describe("what the probes saw", () => {
  test("two writers are counted only where both surely were open at once", () => {
    const green = (states: string, begin: number) => samples("green", states, "green", 2, begin);
    expect(twoWriterSamples(samples("blue", "ooooo", "blue"), green("cco", 5))).toBe(1);
    expect(twoWriterSamples(samples("blue", "ooooo", "blue"), green("ooo", 5))).toBe(3);
    // The handover: blue's last open sample begins before green's first, which may have been later.
    expect(twoWriterSamples(samples("blue", "ooocc", "blue"), green("ccooo", 5))).toBe(0);
    expect(twoWriterSamples(samples("blue", "oocoo", "blue"), green("ccocc", 3))).toBe(0);
    // Overlapping samples prove nothing about which came first.
    expect(twoWriterSamples(samples("blue", "o", "blue"), green("o", 1))).toBe(0);
  });

  test("read-only time ends as soon as one side is open", () => {
    const blue = samples("blue", "oocccccccc", "blue");
    expect(longestReadOnlyMs(blue, samples("green", "ccccccoooo", "blue", 1, 1), [])).toBeGreaterThan(60);
    expect(longestReadOnlyMs(blue, samples("green", "ccoooooooo", "blue", 1, 1), [])).toBeLessThan(25);
  });

  test("time in which the rightful side is away or hindered by the fault itself is left out", () => {
    const green = samples("green", "cccccccccccc", "blue", 1, 1);
    expect(longestReadOnlyMs(samples("blue", "oo---------o", "blue"), green, [])).toBeLessThan(45);
    const closed = samples("blue", "oocccccccccc", "blue");
    const whole = longestReadOnlyMs(closed, green, []);
    expect(whole).toBeGreaterThan(150);
    const hindered = (what: "blue" | "green" | "stream") =>
      longestReadOnlyMs(closed, green, [{ begin: 0, end: 140, what }]);
    expect(hindered("blue")).toBeLessThan(whole - 80);
    expect(hindered("green")).toBe(whole);
    // The stream is not the only path while the primary's own record names it.
    expect(hindered("stream")).toBe(whole);
  });

  test("a commit under way can only arrive through the stream", () => {
    const blue = samples("blue", "oocccccccccc", "green", 2);
    const green = samples("green", "cccccccccccc", "blue", 1, 1);
    const whole = longestReadOnlyMs(blue, green, []);
    expect(longestReadOnlyMs(blue, green, [{ begin: 0, end: 140, what: "stream" }])).toBeLessThan(whole - 80);
  });

  test("the rightful side is the one that its own record names, else the newer record's", () => {
    const record = (role: "blue" | "green", epoch: number) => ({ role, epoch });
    expect(rightfulOf({ blue: record("blue", 1), green: record("blue", 1) })).toBe("blue");
    expect(rightfulOf({ blue: record("green", 2), green: record("blue", 1) })).toBe("green");
    expect(rightfulOf({ blue: record("green", 2), green: record("green", 2) })).toBe("green");
    expect(rightfulOf({ green: record("blue", 1) })).toBe("blue");
    expect(rightfulOf({})).toBeUndefined();
    // Seen before the commit, and after it.
    expect(rightfulOf({ blue: record("blue", 1), green: record("green", 2) })).toBe("green");
  });
});

test("an acknowledged write that is missing is lost, one with two rows is doubled, acknowledged or not", () => {
  const rows = new Map([
    ["a", 1],
    ["b", 2],
    ["unknown", 1],
    ["twice", 2],
  ]);
  expect(compare([{ id: "a" }, { id: "b" }, { id: "c" }], rows)).toEqual({
    lost: ["c"],
    doubled: ["b", "twice"],
  });
});

describe("the report", () => {
  const result: RunResult = {
    index: 0,
    fault: "lag",
    at: undefined,
    struck: true,
    outcome: "committed",
    ending: "flipped",
    maxReadOnlyMs: 80,
    aloneMs: undefined,
    acknowledged: 100,
    failed: 1,
    lost: 0,
    doubled: 0,
    twoWriterSamples: 0,
    problems: [],
    tookMs: 1,
    story: [],
  };

  test("adds up each fault's runs, and counts only those in which it happened", () => {
    const results: RunResult[] = [
      result,
      { ...result, index: 1, outcome: "aborted", maxReadOnlyMs: 300 },
      { ...result, index: 2, struck: false, maxReadOnlyMs: 900 },
    ];
    const report = reportOf(4, ["lag", "gate killed"], results, 5);
    expect(report).toMatchObject({ runs: 3, seed: 4, ok: true, acknowledged: 300, failures: [] });
    expect(report.perFault[0]).toEqual({
      name: "lag",
      runs: 2,
      committed: 1,
      aborted: 1,
      maxReadOnlyMs: 300,
      lost: 0,
      doubled: 0,
      twoWriterSamples: 0,
    });
    expect(report.perFault[1]).toMatchObject({ name: "gate killed", runs: 0 });
    expect(format(report)).toContain("none lost, none doubled, never two writers");
  });

  test("is not ok after a failed run, and says how to repeat it", () => {
    const report = reportOf(4, ["lag"], [{ ...result, index: 17, lost: 1, problems: ["lost: x"] }], 5);
    expect(report.ok).toBe(false);
    expect(format(report)).toContain("--replay 4:17");
    expect(reportOf(4, ["lag"], [], 5).ok).toBe(false);
  });
});

describe("options", () => {
  beforeEach(() => void jest.spyOn(process.stderr, "write").mockReturnValue(true));
  afterEach(() => jest.restoreAllMocks());

  test("are read, with defaults", () => {
    expect(parseOptions([], names)).toMatchObject({ runs: 30, seed: 1, json: false });
    expect(parseOptions(["--replay", "7:42", "--only", "lag"], names)).toMatchObject({
      replay: { seed: 7, index: 42 },
      only: "lag",
    });
  });

  test.each([
    [["--runs", "many"]],
    [["--replay", "7"]],
    [["--only", "rain"]],
    [["--seed", "-1"]],
    [["more"]],
  ])("%p is refused", (argv) => {
    expect(() => parseOptions(argv, names)).toThrow();
  });
});

describe("a path that can be broken", () => {
  let server: Server;
  let proxy: TcpProxy;
  let port: number;
  let arrived: string;
  let far: Socket | undefined;
  const open: Socket[] = [];

  beforeEach(async () => {
    arrived = "";
    server = createServer((socket) => {
      far = socket;
      socket.on("error", () => {});
      socket.on("data", (piece) => {
        arrived += piece;
        socket.write(piece);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    proxy = new TcpProxy("way", { host: "127.0.0.1", port: (server.address() as AddressInfo).port });
    port = await proxy.listen("127.0.0.1");
  });

  afterEach(async () => {
    for (const socket of open.splice(0)) socket.destroy();
    await proxy.close();
    far?.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  async function call(): Promise<{ socket: Socket; heard: () => string; closed: () => boolean }> {
    const socket = connect({ host: "127.0.0.1", port });
    open.push(socket);
    let heard = "";
    let closed = false;
    socket.on("data", (piece) => {
      heard += piece;
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      closed = true;
    });
    await new Promise((resolve) => socket.once("connect", resolve).once("close", resolve));
    return { socket, heard: () => heard, closed: () => closed };
  }

  async function until(holds: () => boolean): Promise<void> {
    for (let turn = 0; turn < 500 && !holds(); turn++) await sleep(10);
    expect(holds()).toBe(true);
  }

  test("passes everything on, both ways", async () => {
    const { socket, heard } = await call();
    socket.write("hello");
    await until(() => heard() === "hello");
  });

  test("reset: connections end, new ones are refused, until it is healed", async () => {
    const first = await call();
    first.socket.write("a");
    await until(() => first.heard() === "a");
    proxy.cut("reset");
    await until(first.closed);
    const second = await call();
    await until(second.closed);
    proxy.heal();
    const third = await call();
    third.socket.write("b");
    await until(() => third.heard() === "b");
  });

  test("silent: nothing arrives and there is no error; what was sent arrives once it is healed", async () => {
    const first = await call();
    first.socket.write("a");
    await until(() => first.heard() === "a");
    proxy.cut("silent");
    const second = await call();
    first.socket.write("b");
    second.socket.write("c");
    await sleep(100);
    expect(arrived).toBe("a");
    expect(first.closed() || second.closed()).toBe(false);
    proxy.heal();
    await until(() => first.heard() === "ab" && second.heard() === "c");
  });

  test("half-open: one direction only", async () => {
    const { socket, heard } = await call();
    socket.write("a");
    await until(() => heard() === "a");
    proxy.cut("back");
    socket.write("b");
    await until(() => arrived === "ab");
    expect(heard()).toBe("a");
    proxy.heal();
    await until(() => heard() === "ab");
  });

  test("delay: later, in the same order, also when it gets less", async () => {
    const { socket, heard } = await call();
    proxy.delay(150);
    const start = performance.now();
    socket.write("a");
    await sleep(20);
    // What arrived while this thread stood still is read first.
    await new Promise((resolve) => setImmediate(resolve));
    proxy.delay(0);
    socket.write("b");
    await until(() => heard() === "ab");
    expect(performance.now() - start).toBeGreaterThanOrEqual(140);
  });
});
