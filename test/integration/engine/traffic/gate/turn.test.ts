import { Agent } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { type Answer, GateWorld, type TestGate } from "../../../../support/gateWorld";
import { until } from "../../../../support/until";

const world = new GateWorld();
const { blue, green } = world;
let gate: TestGate;

beforeAll(async () => {
  await world.open();
  gate = await world.gate("turn");
  await world.bothUp(gate);
});

afterAll(() => world.close());

test("50 turns under 16 writers and 4 readers: nothing fails, and no write reaches the side that is not the primary", async () => {
  const agents = Array.from({ length: 20 }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
  const answers: (Answer & { method: string })[] = [];
  const failures: unknown[] = [];
  let going = true;
  const clients = agents.map(async (agent, index) => {
    const method = index < 16 ? "POST" : "GET";
    while (going) {
      await gate
        .ask(method, "/index.php?title=X", { agent, body: method === "POST" ? Buffer.alloc(400) : undefined })
        .then(
          (answer) => answers.push({ ...answer, method }),
          (error) => failures.push(error),
        );
      await sleep(4);
    }
  });

  const turns: { drainedAt: number; toldAt: number; to: "blue" | "green" }[] = [];
  for (let turn = 0; turn < 50; turn++) {
    await sleep(15);
    const to = turn % 2 ? "blue" : "green";
    await gate.admin.hold();
    expect(await gate.admin.drain(5_000)).toBe(0);
    await until("a write held", async () => (await gate.admin.state()).held > 0);
    const drainedAt = performance.now();
    // Longer than one check of the hold, so that a write that slips through is noticed.
    await sleep(10);
    const toldAt = performance.now();
    await gate.admin.set({ primary: to, views: to, holdMs: 0 });
    turns.push({ drainedAt, toldAt, to });
  }
  await sleep(50);
  going = false;
  await Promise.all(clients);
  for (const agent of agents) agent.destroy();

  expect(failures).toEqual([]);
  expect(answers.filter((answer) => answer.status !== 200)).toEqual([]);
  for (const [index, { drainedAt, toldAt, to }] of turns.entries()) {
    const ends = turns[index + 1]?.drainedAt ?? Number.POSITIVE_INFINITY;
    const writes = (side: typeof blue) =>
      side.taken.filter(
        (taken) => taken.method === "POST" && taken.begunAt > drainedAt && taken.begunAt < ends,
      );
    const [right, wrong] = to === "green" ? [green, blue] : [blue, green];
    expect(writes(wrong)).toEqual([]);
    expect(writes(right).length).toBeGreaterThan(0);
    expect(writes(right).filter((taken) => taken.begunAt < toldAt)).toEqual([]);
  }
  const written = answers.filter((answer) => answer.method === "POST").length;
  const taken = [...blue.taken, ...green.taken].filter((one) => one.method === "POST").length;
  expect(taken).toBe(written);
});

test("100 kept connections in a pause: views continue, and each held write goes to the new primary", async () => {
  await gate.admin.set({ primary: "blue", views: "blue", holdMs: 0 });
  const agent = new Agent({ keepAlive: true, maxSockets: 200 });
  await gate.admin.hold();
  expect(await gate.admin.drain(5_000)).toBe(0);
  blue.taken.length = 0;
  green.taken.length = 0;
  const writes = Array.from({ length: 100 }, () =>
    gate.ask("POST", "/api.php", { agent, body: Buffer.alloc(500) }),
  );
  await gate.held(100);
  for (let turn = 0; turn < 10; turn++) {
    const views = await Promise.all(
      Array.from({ length: 20 }, () => gate.ask("GET", "/index.php?title=X", { agent })),
    );
    expect(views.filter((view) => view.body !== "blue 0")).toEqual([]);
  }
  expect((await gate.admin.state()).held).toBe(100);
  expect([...blue.taken, ...green.taken].filter((taken) => taken.method === "POST")).toEqual([]);
  await gate.admin.set({ primary: "green", views: "green", holdMs: 0 });
  expect(new Set((await Promise.all(writes)).map((write) => write.body))).toEqual(new Set(["green 500"]));
  agent.destroy();
});
