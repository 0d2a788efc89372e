import { Agent, type IncomingHttpHeaders, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { Gate } from "../../engine/gate/gate";
import { SshPool } from "../../engine/ssh/pool";
import { DockerWorld, type RunningContainer } from "../support/dockerWorld";
import { testImage } from "../support/image";
import { until } from "../support/until";
import { Upstream } from "../support/upstream";

jest.setTimeout(60_000);

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
  ms: number;
}

const world = new DockerWorld();
const blue = new Upstream("blue");
const green = new Upstream("green");
const pool = new SshPool("");
const password = "a9F".repeat(12);
let container: RunningContainer;
let network: { name: string; hostAddress: string };
let addresses: Record<"blue" | "green", string>;
let stateVolume: string;
let httpPort: number;
let gate: Gate;

async function startGate(what: string, env: string[] = [], volume = stateVolume): Promise<RunningContainer> {
  return world.run(
    what,
    await testImage("gate"),
    {
      Env: [
        `BLUE_ADDRESS=${addresses.blue}`,
        `GREEN_ADDRESS=${addresses.green}`,
        `ADMIN_PASSWORD=${password}`,
        ...env,
      ],
      HostConfig: {
        NetworkMode: network.name,
        ReadonlyRootfs: true,
        Tmpfs: { "/tmp": "" },
        Binds: [`${volume}:/state`],
        SecurityOpt: ["no-new-privileges"],
        CapDrop: ["ALL"],
      },
    },
    [8080, 9999],
  );
}

async function openGate(running: RunningContainer): Promise<Gate> {
  return new Gate({ host: "127.0.0.1", port: await running.port(9999) }, pool, { password });
}

function ask(
  method: string,
  path: string,
  options: { headers?: Record<string, string>; body?: Buffer; agent?: Agent; port?: number } = {},
): Promise<Answer> {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: "127.0.0.1", port: options.port ?? httpPort, method, path, ...options },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString(),
            ms: performance.now() - started,
          }),
        );
      },
    );
    sent.on("error", reject);
    sent.end(options.body);
  });
}

beforeAll(async () => {
  network = await world.network();
  addresses = {
    blue: `${network.hostAddress}:${await blue.listen(network.hostAddress)}`,
    green: `${network.hostAddress}:${await green.listen(network.hostAddress)}`,
  };
  stateVolume = await world.volume("gate");
  container = await startGate("gate");
  httpPort = await container.port(8080);
  gate = await openGate(container);
  await until("both sides up", async () => {
    const up = await gate.health();
    return up.blue && up.green;
  });
});

beforeEach(async () => {
  await gate.set({ primary: "blue", views: "blue", canary: 0, holdMs: 0 });
});

afterAll(async () => {
  gate?.close();
  await world.close();
  await blue.close();
  await green.close();
});

test("a pause of 300 ms under 100 keep-alive clients fails nothing, delays no view, and writes go to the other side", async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 100 });
  const answers: (Answer & { method: string; startedAt: number })[] = [];
  const failures: unknown[] = [];
  let going = true;
  const clients = Array.from({ length: 100 }, async (_, index) => {
    for (let turn = 0; going; turn++) {
      const method = (index + turn) % 3 === 0 ? "POST" : "GET";
      const startedAt = performance.now();
      try {
        const body = method === "POST" ? Buffer.alloc(500, "x") : undefined;
        answers.push({
          method,
          startedAt,
          ...(await ask(method, `/index.php?title=P${turn}`, { agent, body })),
        });
      } catch (error) {
        failures.push(error);
      }
      await sleep(10);
    }
  });
  await sleep(500);
  const heldFrom = performance.now();
  await gate.hold();
  const heldSince = performance.now();
  await gate.drain(2_000);
  const writesBefore = blue.taken.filter((taken) => taken.method === "POST").length;
  await sleep(300);
  expect(blue.taken.filter((taken) => taken.method === "POST").length).toBe(writesBefore);
  expect(green.taken.filter((taken) => taken.method === "POST").length).toBe(0);
  const held = (await gate.state()).held;
  await gate.set({ primary: "green", views: "green", holdMs: 0 });
  const releasedAt = performance.now();
  await sleep(500);
  going = false;
  await Promise.all(clients);
  agent.destroy();

  expect(failures).toEqual([]);
  expect(answers.filter((answer) => answer.status !== 200)).toEqual([]);
  expect(held).toBeGreaterThan(10);
  const heldWrites = answers.filter(
    (answer) =>
      answer.method === "POST" && answer.startedAt > heldSince && answer.startedAt < releasedAt - 50,
  );
  expect(heldWrites.length).toBeGreaterThan(10);
  for (const write of heldWrites) {
    expect(write.body).toBe("green 500");
    expect(write.startedAt + write.ms).toBeGreaterThan(releasedAt - 20);
  }
  const viewsInPause = answers.filter(
    (answer) => answer.method === "GET" && answer.startedAt > heldFrom && answer.startedAt < releasedAt - 20,
  );
  expect(viewsInPause.length).toBeGreaterThan(100);
  expect(Math.max(...viewsInPause.map((view) => view.ms))).toBeLessThan(200);
  expect(writesBefore).toBeGreaterThan(0);
});

test("holding and releasing takes milliseconds", async () => {
  await gate.state();
  const times: number[] = [];
  for (let turn = 0; turn < 20; turn++) {
    const started = performance.now();
    await gate.hold();
    await gate.release();
    times.push((performance.now() - started) / 2);
  }
  times.sort((a, b) => a - b);
  expect(times[10]).toBeLessThan(10);
});

test.each([
  ["POST", "/api.php"],
  ["PUT", "/index.php"],
  ["GET", "/api.php?action=query&meta=tokens&format=json"],
  ["GET", "/w/api.php?action=query&meta=userinfo%7Ctokens"],
  ["GET", "/index.php?title=Special:UserLogin"],
  ["GET", "/index.php/Special%3AUserLogin?returnto=X"],
  ["GET", "/wiki/Special:CreateAccount"],
  ["GET", "/index.php?title=Main_Page&action=edit"],
])("%s %s is held as a write", async (method, path) => {
  await gate.setViews("green", 0);
  await gate.hold();
  const answer = ask(method, path);
  await until("held", async () => (await gate.state()).held === 1);
  await gate.release();
  expect(await answer).toMatchObject({ status: 200, headers: { "x-wikiferry-side": "blue" } });
});

test.each([
  ["GET", "/index.php?title=Main_Page"],
  ["HEAD", "/index.php?title=Talk:meta=tokens"],
  ["GET", "/api.php?action=query&meta=siteinfo"],
  ["OPTIONS", "/api.php"],
])("%s %s goes on during a hold, to the side of views", async (method, path) => {
  await gate.setViews("green", 0);
  await gate.hold();
  expect(await ask(method, path)).toMatchObject({ status: 200, headers: { "x-wikiferry-side": "green" } });
});

test("a canary of 10 % sends about a tenth of the views, the same ones each time, and no write", async () => {
  await gate.setViews("blue", 10);
  const agent = new Agent({ keepAlive: true, maxSockets: 20 });
  const sideOf = async (page: number, method = "GET") =>
    (await ask(method, `/index.php?title=Page_${page}`, { agent })).headers["x-wikiferry-side"];
  const pages = Array.from({ length: 2_000 }, (_, page) => page);
  const first = await Promise.all(pages.map((page) => sideOf(page)));
  const share = first.filter((side) => side === "green").length / pages.length;
  expect(share).toBeGreaterThan(0.07);
  expect(share).toBeLessThan(0.13);
  expect(await Promise.all(pages.slice(0, 300).map((page) => sideOf(page)))).toEqual(first.slice(0, 300));
  expect(new Set(await Promise.all(pages.slice(0, 300).map((page) => sideOf(page, "POST"))))).toEqual(
    new Set(["blue"]),
  );
  agent.destroy();
});

test.each([
  ["cookie", "a=b; wikidb_session=abc"],
  ["cookie", "wikidbUserID=7"],
  ["cookie", "x=1; wikidbToken=0123"],
  ["authorization", "Bearer abc"],
])("whoever is logged in (%s: %s) stays on the primary's side", async (name, value) => {
  await gate.setViews("blue", 100);
  expect((await ask("GET", "/index.php?title=X")).headers["x-wikiferry-side"]).toBe("green");
  const answer = await ask("GET", "/index.php?title=X", { headers: { [name]: value } });
  expect(answer.headers["x-wikiferry-side"]).toBe("blue");
  const loggedOut = await ask("GET", "/index.php?title=X", {
    headers: { cookie: "wikidb_session=; wikidbToken=deleted" },
  });
  expect(loggedOut.headers["x-wikiferry-side"]).toBe("green");
});

test("an upload that is missing on the primary's side comes from the other; one that is missing on both is 404", async () => {
  blue.files.add("/images/a/ab/Both.png").add("/images/b/bc/Blue.png");
  green.files.add("/images/a/ab/Both.png").add("/images/c/cd/Green.png");
  expect((await ask("GET", "/images/a/ab/Both.png")).body).toBe("blue 0");
  expect(await ask("GET", "/images/c/cd/Green.png")).toMatchObject({ status: 200, body: "green 0" });
  expect((await ask("GET", "/images/d/de/None.png")).status).toBe(404);
  await gate.setPrimary("green");
  expect((await ask("GET", "/images/a/ab/Both.png")).body).toBe("green 0");
  expect(await ask("GET", "/images/b/bc/Blue.png")).toMatchObject({ status: 200, body: "blue 0" });
  expect((await ask("GET", "/images/d/de/None.png")).status).toBe(404);
});

test("20 MB posted during a hold arrive whole, on the side that is the primary's afterwards", async () => {
  await gate.hold();
  const answer = ask("POST", "/api.php?action=upload", { body: Buffer.alloc(20_000_000, "u") });
  await until("held", async () => (await gate.state()).held === 1);
  await sleep(300);
  await gate.set({ primary: "green", holdMs: 0 });
  expect(await answer).toMatchObject({ status: 200, body: "green 20000000" });
});

test("draining waits for a write in flight, and says so when it takes too long", async () => {
  const slow = ask("POST", "/api.php?sleep=600");
  await until("in flight", async () => (await gate.inFlightWrites()) === 1);
  await gate.hold();
  await expect(gate.drain(100)).rejects.toThrow(/GATE_DRAIN: 1 writes/);
  const waitedMs = await gate.drain(3_000);
  expect(waitedMs).toBeGreaterThan(200);
  expect((await slow).status).toBe(200);
});

test("a reload keeps hold, route and canary, and lets held writes go on", async () => {
  await gate.set({ primary: "green", views: "blue", canary: 30, holdMs: 20_000 });
  const before = await gate.state();
  const held = ask("POST", "/api.php");
  await until("held", async () => (await gate.state()).held === 1);
  await container.container.kill({ signal: "SIGUSR2" });
  const after = await until("a new worker", async () => {
    const state = await gate.state();
    return state.pid !== before.pid && state;
  });
  expect(after).toMatchObject({ primary: "green", views: "blue", canary: 30, stopping: false });
  expect(after.holdMs).toBeGreaterThan(10_000);
  const heldByNew = ask("POST", "/api.php");
  await until("held by the new worker", async () => (await gate.state()).held === 1);
  await gate.set({ primary: "blue", holdMs: 0 });
  expect(await held).toMatchObject({ status: 200, body: "blue 0" });
  expect(await heldByNew).toMatchObject({ status: 200, body: "blue 0" });
});

test("a restart keeps hold, route and canary", async () => {
  await gate.set({ primary: "green", views: "blue", canary: 12, holdMs: 60_000 });
  gate.close();
  await container.container.restart({ t: 5 });
  httpPort = await container.port(8080);
  gate = await openGate(container);
  const state = await until("the gate", () => gate.state());
  expect(state).toMatchObject({ primary: "green", views: "blue", canary: 12 });
  expect(state.holdMs).toBeGreaterThan(30_000);
});

test("a hold ends by itself", async () => {
  await gate.hold(300);
  const answer = await ask("POST", "/api.php");
  expect(answer.status).toBe(200);
  expect(answer.ms).toBeGreaterThan(150);
});

test("a write that is held for too long is answered with 503 and Retry-After, and never sent", async () => {
  const impatient = await startGate("impatient", ["HOLD_MAX_MS=400"], await world.volume("impatient"));
  const other = await openGate(impatient);
  await until("the gate", () => other.state());
  await other.hold();
  const sent = blue.taken.length;
  const answer = await ask("POST", "/api.php", { port: await impatient.port(8080) });
  expect(answer).toMatchObject({ status: 503, headers: { "retry-after": "5" } });
  expect(answer.ms).toBeGreaterThan(350);
  expect(blue.taken.length).toBe(sent);
  other.close();
});

test("a side that is down is a clear 503, takes no canary, and leaves the primary's side alone", async () => {
  await until("green up", async () => (await gate.health()).green);
  green.healthy = false;
  await until("green down", async () => !(await gate.health()).green);
  await gate.setViews("blue", 100);
  expect((await ask("GET", "/index.php")).body).toBe("blue 0");
  await gate.setPrimary("green");
  expect((await ask("POST", "/index.php")).body).toBe("green 0");
  green.healthy = true;

  const lonely = await startGate("lonely", ["GREEN_ADDRESS=no-such-host:8080"], await world.volume("lonely"));
  const other = await openGate(lonely);
  await until("the gate", () => other.state());
  const port = await lonely.port(8080);
  expect((await ask("GET", "/index.php", { port })).body).toBe("blue 0");
  await other.set({ primary: "green", views: "green" });
  expect(await ask("POST", "/index.php", { port })).toMatchObject({
    status: 503,
    headers: { "retry-after": "5" },
  });
  blue.files.add("/images/x.png");
  expect((await ask("GET", "/images/x.png", { port })).body).toBe("blue 0");
  await other.setPrimary("blue");
  expect((await ask("GET", "/images/missing.png", { port })).status).toBe(404);
  other.close();
});

test("the wiki sees the client's address, its own name and the protocol", async () => {
  const before = blue.taken.length;
  await ask("GET", "/index.php", { headers: { host: "wiki.example.org", "x-forwarded-for": "192.0.2.7" } });
  const { headers } = blue.taken[before] as (typeof blue.taken)[number];
  expect(headers.host).toBe("wiki.example.org");
  expect(headers["x-forwarded-proto"]).toBe("http");
  expect(headers["x-forwarded-for"]).toMatch(/^192\.0\.2\.7, \d+\.\d+\.\d+\.\d+$/);
});

test("the runtime API refuses whoever lacks the password, and a wrong value", async () => {
  const stranger = new Gate({ host: "127.0.0.1", port: await container.port(9999) }, pool);
  await expect(stranger.state()).rejects.toThrow(/GATE_REFUSED/);
  await expect(gate.set({ canary: 140 })).rejects.toThrow(/GATE_REFUSED: .*canary=140/);
  const nowhere = new Gate({ host: "127.0.0.1", port: 1 }, pool);
  await expect(nowhere.state()).rejects.toThrow(/GATE_UNREACHABLE/);
});
