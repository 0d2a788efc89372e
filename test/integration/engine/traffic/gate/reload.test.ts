import { createHash, randomBytes } from "node:crypto";
import { Agent } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { type Answer, GateWorld, type TestGate } from "../../../../support/gateWorld";
import { RawClient } from "../../../../support/rawClient";
import { until } from "../../../../support/until";

const world = new GateWorld();
const { blue, green } = world;
let gate: TestGate;

beforeAll(async () => {
  await world.open();
  gate = await world.gate("reload");
  await world.bothUp(gate);
});

beforeEach(async () => {
  await gate.admin.turn("blue");
  await until("nothing in flight", async () => (await gate.admin.inFlightWrites()) === 0);
  blue.taken.length = 0;
  green.taken.length = 0;
});

afterAll(() => world.close());

/** Clients that send one request after the other, each on its own connection, until `stop`. */
function traffic(count: number, ask: (agent: Agent, turn: number) => Promise<Answer>) {
  const agents = Array.from({ length: count }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
  const answers: Answer[] = [];
  const failures: unknown[] = [];
  let going = true;
  const clients = agents.map(async (agent) => {
    for (let turn = 0; going; turn++) {
      await ask(agent, turn).then(
        (answer) => answers.push(answer),
        (error) => failures.push(error),
      );
      await sleep(5);
    }
  });
  return async () => {
    going = false;
    await Promise.all(clients);
    for (const agent of agents) agent.destroy();
    return { answers, failures };
  };
}

test("a reload in the middle of a hold: the old worker's requests and the new one's go to the new primary", async () => {
  const upload = randomBytes(5_000_000);
  await gate.admin.set({ views: "blue", canary: 30, holdMs: 20_000 });
  const heldByOld = [
    ...[1, 2, 3].map((bytes) => gate.ask("POST", "/api.php", { body: Buffer.alloc(bytes) })),
    gate.ask("POST", "/api.php", { body: upload }),
  ];
  await gate.held(4);
  await gate.reload();
  expect(await gate.admin.state()).toMatchObject({
    primary: "blue",
    views: "blue",
    canary: 30,
    held: 4,
    stopping: false,
  });
  expect((await gate.admin.state()).holdMs).toBeGreaterThan(0);
  const heldByNew = [4, 5].map((bytes) => gate.ask("POST", "/api.php", { body: Buffer.alloc(bytes) }));
  await gate.held(6);
  await gate.admin.set({ primary: "green", holdMs: 0 });
  const answers = await Promise.all([...heldByOld, ...heldByNew]);
  expect(answers.map((answer) => answer.body)).toEqual(
    [1, 2, 3, 5_000_000, 4, 5].map((bytes) => `green ${bytes}`),
  );
  expect(green.taken.find((taken) => taken.bodyBytes === upload.length)?.sha256).toBe(
    createHash("sha256").update(upload).digest("hex"),
  );
  expect(blue.taken).toEqual([]);
});

test("a connection on the old worker obeys a hold and a turn that the new one received", async () => {
  const client = await RawClient.open(gate.port);
  client.write("GET /index.php HTTP/1.1\r\nHost: wiki\r\n\r\n");
  await client.answers(/blue 0/);
  await gate.reload();
  await gate.admin.hold();
  client.write("POST /api.php HTTP/1.1\r\nHost: wiki\r\nContent-Length: 3\r\n\r\nabc");
  await gate.held(1);
  await gate.admin.set({ primary: "green", holdMs: 0 });
  await client.answers(/green 3/);
  client.end();
});

test("writes in flight at the old worker are counted and waited for", async () => {
  const slow = gate.ask("POST", "/api.php?wait");
  await until("in flight", async () => (await gate.admin.inFlightWrites()) === 1);
  await gate.reload();
  expect((await gate.admin.state()).writes).toEqual({ blue: 1, green: 0 });
  await gate.admin.hold();
  expect(await gate.admin.drain(50)).toBe(1);
  setTimeout(() => blue.letGo(), 300);
  expect(await gate.admin.drain(10_000)).toBe(0);
  expect(blue.taken[0]?.answeredAt).toBeLessThan(performance.now());
  expect((await slow).status).toBe(200);
});

test("five reloads under edits and views on kept connections fail nothing", async () => {
  const stop = traffic(16, (agent, turn) =>
    turn % 2
      ? gate.ask("POST", "/api.php", { agent, body: Buffer.alloc(100) })
      : gate.ask("GET", "/index.php", { agent }),
  );
  for (let turn = 0; turn < 5; turn++) {
    await sleep(100);
    await gate.reload();
  }
  const { answers, failures } = await stop();
  expect(failures).toEqual([]);
  expect(answers.filter((answer) => answer.status !== 200)).toEqual([]);
  expect(answers.length).toBeGreaterThan(100);
});

test("a reload in the middle of a canary: the same pages stay on the same side", async () => {
  await gate.admin.setViews("blue", 50);
  const pages = Array.from({ length: 60 }, (_, page) => page);
  const sides = async () => {
    const answers = await Promise.all(pages.map((page) => gate.ask("GET", `/index.php?title=P${page}`)));
    return answers.map((answer) => answer.headers["x-wikiferry-side"]);
  };
  const before = await sides();
  expect(new Set(before)).toEqual(new Set(["blue", "green"]));
  await gate.reload();
  await world.bothUp(gate);
  expect(await sides()).toEqual(before);
  expect((await gate.admin.state()).canary).toBe(50);
});

test("turns with a reload in each hold fail nothing, and nothing reaches the side that is not the primary", async () => {
  const stop = traffic(16, (agent) => gate.ask("POST", "/api.php", { agent, body: Buffer.alloc(100) }));
  const turns: { drainedAt: number; toldAt: number; to: "blue" | "green" }[] = [];
  for (let turn = 0; turn < 6; turn++) {
    await sleep(80);
    const to = turn % 2 ? "blue" : "green";
    await gate.admin.hold();
    expect(await gate.admin.drain(5_000)).toBe(0);
    const drainedAt = performance.now();
    await gate.reload();
    const toldAt = performance.now();
    await gate.admin.set({ primary: to, holdMs: 0 });
    turns.push({ drainedAt, toldAt, to });
  }
  const { answers, failures } = await stop();
  expect(failures).toEqual([]);
  expect(answers.filter((answer) => answer.status !== 200)).toEqual([]);
  for (const [index, turn] of turns.entries()) {
    const until = turns[index + 1]?.drainedAt ?? Number.POSITIVE_INFINITY;
    const during = (from: number) => (taken: { begunAt: number }) =>
      taken.begunAt > from && taken.begunAt < until;
    const [right, wrong] = turn.to === "green" ? [green, blue] : [blue, green];
    expect(wrong.taken.filter(during(turn.drainedAt))).toEqual([]);
    expect(right.taken.filter(during(turn.drainedAt)).length).toBe(
      right.taken.filter(during(turn.toldAt)).length,
    );
  }
});

test("a gate that was killed in a hold starts again with hold, route and canary", async () => {
  await gate.admin.set({ primary: "green", views: "blue", canary: 12, holdMs: 60_000 });
  const lost = gate.ask("POST", "/api.php").catch((error: Error) => error.message);
  await gate.held(1);
  await gate.running.container.kill({ signal: "SIGKILL" });
  expect(await lost).toMatch(/socket hang up|ECONNRESET/);
  await until("stopped", async () => !(await gate.running.container.inspect()).State.Running);
  await gate.running.container.start();
  await gate.reopen();
  const state = await gate.admin.state();
  expect(state).toMatchObject({ primary: "green", views: "blue", canary: 12, held: 0 });
  expect(state.holdMs).toBeGreaterThan(0);
  const held = gate.ask("POST", "/api.php");
  await gate.held(1);
  expect(blue.taken.length + green.taken.length).toBe(0);
  await gate.admin.release();
  expect((await held).body).toBe("green 0");
});

test("a restart keeps hold, route and canary", async () => {
  await gate.admin.set({ primary: "green", views: "blue", canary: 15, holdMs: 60_000 });
  await gate.running.container.restart({ t: 2 });
  await gate.reopen();
  const state = await gate.admin.state();
  expect(state).toMatchObject({ primary: "green", views: "blue", canary: 15 });
  expect(state.holdMs).toBeGreaterThan(0);
});
