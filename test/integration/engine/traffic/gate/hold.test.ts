import { createHash, randomBytes } from "node:crypto";
import { connect as connectH2, constants, type IncomingHttpHeaders } from "node:http2";
import { setTimeout as sleep } from "node:timers/promises";
import { GateWorld, type TestGate } from "../../../../support/gateWorld";
import { RawClient } from "../../../../support/rawClient";
import { until } from "../../../../support/until";

const world = new GateWorld();
const { blue, green } = world;
let gate: TestGate;
/** A gate whose limits are reached at once. */
let strict: TestGate;

const post = (bytes: number, more = "") =>
  `POST /api.php HTTP/1.1\r\nHost: wiki\r\n${more}Content-Length: ${bytes}\r\n\r\n`;

beforeAll(async () => {
  await world.open();
  gate = await world.gate("hold", ["HOLD_H2_BODY_MS=15000"]);
  strict = await world.gate("strict", [
    "HOLD_MAX_MS=6000",
    "HOLD_MAX_REQUESTS=3",
    "HOLD_MAX_BODY_BYTES=1000000",
    "HOLD_H2_BODY_MS=4000",
  ]);
  await world.bothUp(gate);
});

beforeEach(async () => {
  for (const one of [gate, strict]) {
    await one.admin.turn("blue");
    await one.held(0);
  }
  blue.taken.length = 0;
  green.taken.length = 0;
  blue.begun = 0;
  green.begun = 0;
});

afterAll(() => world.close());

/** HTTP/2 responses on a separate connection for each test. `close` ends it. */
function http2(port: number) {
  const session = connectH2(`http://127.0.0.1:${port}`);
  session.on("error", () => {});
  const stream = (method: string, path: string, body?: Buffer) => {
    const request = session.request({
      ":method": method,
      ":path": path,
      ...(body ? { "content-length": String(body.length) } : {}),
    });
    const answer = new Promise<{ status: number; headers: IncomingHttpHeaders; body: string }>(
      (resolve, reject) => {
        let headers: IncomingHttpHeaders = {};
        let text = "";
        request.on("response", (got) => {
          headers = got;
        });
        request.on("data", (chunk: Buffer) => {
          text += chunk.toString();
        });
        request.on("end", () => resolve({ status: Number(headers[":status"]), headers, body: text }));
        request.on("error", reject);
      },
    );
    answer.catch(() => {});
    request.end(body);
    return { request, answer };
  };
  return { session, stream };
}

async function workerRssBytes(one: TestGate): Promise<number> {
  const top = await one.running.container.top({ ps_args: "-o pid,ppid,rss,args" });
  const rss = (top.Processes as string[][]).map((row) => Number(row[2]) * 1024);
  return Math.max(...rss);
}

describe("bodies", () => {
  test("an upload of 100 MB begun during a hold arrives byte for byte at the new primary, in bounded memory", async () => {
    const big = randomBytes(104_857_600);
    const small = Array.from({ length: 8 }, () => randomBytes(4_000_000));
    const before = await workerRssBytes(gate);
    await gate.admin.hold();
    const answers = [big, ...small].map((body) => gate.ask("POST", "/index.php/Special:Upload", { body }));
    await gate.held(9);
    await sleep(500);
    const whileHeld = await workerRssBytes(gate);
    expect(blue.begun + green.begun).toBe(0);
    await gate.admin.set({ primary: "green", holdMs: 0 });
    for (const [index, answer] of (await Promise.all(answers)).entries()) {
      expect(answer).toMatchObject({ status: 200, body: `green ${(index ? small[0] : big)?.length}` });
    }
    const after = await workerRssBytes(gate);
    const hashes = [big, ...small].map((body) => createHash("sha256").update(body).digest("hex"));
    expect(green.taken.map((taken) => taken.sha256).sort()).toEqual(hashes.sort());
    expect(blue.begun).toBe(0);
    expect(Math.max(whileHeld, after) - before).toBeLessThan(32_000_000);
  });

  test("a body of unknown length is held as well", async () => {
    await gate.admin.hold();
    const client = await RawClient.open(gate.port);
    client.write("POST /api.php HTTP/1.1\r\nHost: wiki\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    await gate.held(1);
    client.write("6\r\n world\r\n");
    await gate.admin.set({ primary: "green", holdMs: 0 });
    client.write("0\r\n\r\n");
    await client.answers(/green 11/);
    client.end();
  });

  test("a body longer than the wiki would accept is refused with 503 while others are held", async () => {
    await strict.admin.hold();
    const held = strict.ask("POST", "/api.php", { body: Buffer.alloc(900_000) });
    await strict.held(1);
    const client = await RawClient.open(strict.port);
    client.write(post(1_000_001));
    await client.answers(/^HTTP\/1\.1 503 [\s\S]*retry-after: 5\r\n[\s\S]*Nothing was saved/i);
    client.end();
    await strict.admin.release();
    expect((await held).body).toBe("blue 900000");
    expect(blue.begun).toBe(1);
  });
});

describe("clients", () => {
  test("Expect: 100-continue: the body is asked for after the release", async () => {
    await gate.admin.hold();
    const client = await RawClient.open(gate.port);
    client.write(post(5, "Expect: 100-continue\r\n"));
    await gate.held(1);
    expect(client.text).toBe("");
    await gate.admin.set({ primary: "green", holdMs: 0 });
    await client.answers(/^HTTP\/1\.1 100 /);
    client.write("hello");
    await client.answers(/HTTP\/1\.1 200 [\s\S]*green 5/);
    client.end();
  });

  test("Expect: 100-continue: a client that sends without waiting for it does no harm", async () => {
    await gate.admin.hold();
    const client = await RawClient.open(gate.port);
    client.write(post(5, "Expect: 100-continue\r\n"));
    await gate.held(1);
    client.write("hello");
    await sleep(100);
    await gate.admin.release();
    await client.answers(/HTTP\/1\.1 200 [\s\S]*blue 5/);
    client.end();
  });

  test("headers in drips over a hold, body in drips over the next", async () => {
    const client = await RawClient.open(gate.port);
    await gate.admin.hold();
    for (const letter of post(20)) {
      client.write(letter);
      await sleep(2);
    }
    await gate.held(1);
    for (let turn = 0; turn < 10; turn++) {
      client.write("ab");
      await sleep(20);
      if (turn === 5) await gate.admin.set({ primary: "green", holdMs: 0 });
      if (turn === 7) await gate.admin.hold();
    }
    await client.answers(/green 20/);
    client.end();
  });

  test.each(["closes", "resets"])("a client that %s its connection while held is forgotten", async (how) => {
    await gate.admin.hold();
    const host = await gate.running.address();
    const clients = await Promise.all([0, 0, 1_000].map(() => RawClient.open(8080, host)));
    for (const [index, client] of clients.entries()) {
      client.write(index === 2 ? post(1_000) : post(5));
      if (index === 1) client.write("hello");
    }
    await gate.held(3);
    for (const client of clients) {
      if (how === "closes") client.end();
      else client.reset();
    }
    await gate.held(0);
    await gate.admin.release();
    expect((await gate.ask("POST", "/api.php")).status).toBe(200);
    expect(blue.begun).toBe(1);
  });

  test("an upload whose client leaves while it is held is never accepted", async () => {
    await gate.admin.hold();
    const client = await RawClient.open(gate.port);
    client.write(`${post(2_000_000)}${"x".repeat(500_000)}`);
    await gate.held(1);
    client.end();
    await sleep(100);
    await gate.admin.release();
    await gate.held(0);
    await until("nothing in flight", async () => (await gate.admin.inFlightWrites()) === 0);
    expect(blue.taken).toEqual([]);
  });

  test("pipelined requests are answered in their order", async () => {
    await gate.admin.hold();
    const client = await RawClient.open(gate.port);
    client.write(`${post(3)}one${post(5)}three`);
    client.write("GET /index.php HTTP/1.1\r\nHost: wiki\r\n\r\n");
    await gate.held(1);
    await sleep(50);
    expect(client.text).toBe("");
    await gate.admin.set({ primary: "green", holdMs: 0 });
    await client.answers(/green 3[\s\S]*green 5[\s\S]*blue 0/);
    client.end();
  });

  test("a connection that was held is reused, through one hold after another", async () => {
    const client = await RawClient.open(gate.port);
    for (let turn = 1; turn <= 5; turn++) {
      await gate.admin.hold();
      client.write(`${post(turn)}${"x".repeat(turn)}`);
      await gate.held(1);
      await gate.admin.release();
      await client.answers(new RegExp(`blue ${turn}`));
    }
    expect(client.closed).toBe(false);
    client.end();
  });
});

describe("HTTP/2", () => {
  test("on one connection an edit is held, page views continue, and the edit arrives at the new primary", async () => {
    const { session, stream } = http2(gate.port);
    await gate.admin.hold();
    const edits = [1, 2, 3].map((bytes) => stream("POST", "/api.php", Buffer.alloc(bytes)).answer);
    await gate.held(3);
    for (let turn = 0; turn < 20; turn++) {
      expect(await stream("GET", "/index.php").answer).toMatchObject({ status: 200, body: "blue 0" });
    }
    await gate.admin.set({ primary: "green", holdMs: 0 });
    expect((await Promise.all(edits)).map((answer) => answer.body).sort()).toEqual([
      "green 1",
      "green 2",
      "green 3",
    ]);
    session.close();
  });

  test("an upload begun during a hold arrives whole", async () => {
    const { session, stream } = http2(gate.port);
    const body = randomBytes(10_000_000);
    await gate.admin.hold();
    const { answer } = stream("POST", "/api.php", body);
    await gate.held(1);
    await gate.admin.set({ primary: "green", holdMs: 0 });
    expect(await answer).toMatchObject({ status: 200, body: "green 10000000" });
    expect(green.taken[0]?.sha256).toBe(createHash("sha256").update(body).digest("hex"));
    session.close();
  });

  test("a held upload keeps the views of its connection waiting for HOLD_H2_BODY_MS only", async () => {
    const { session, stream } = http2(strict.port);
    await strict.admin.hold();
    const upload = stream("POST", "/api.php", Buffer.alloc(900_000)).answer;
    await strict.held(1);
    const view = stream("GET", "/index.php").answer;
    expect(await upload).toMatchObject({ status: 503, headers: { "retry-after": "5" } });
    expect(await view).toMatchObject({ status: 200, body: "blue 0" });
    expect((await strict.admin.state()).holdMs).toBeGreaterThan(0);
    expect(blue.taken.map((taken) => taken.method)).toEqual(["GET"]);
    session.close();
  });

  test("a stream that is cancelled while held is forgotten", async () => {
    const { session, stream } = http2(gate.port);
    await gate.admin.hold();
    const gone = stream("POST", "/api.php", Buffer.alloc(5));
    const stays = stream("POST", "/api.php", Buffer.alloc(6));
    await gate.held(2);
    gone.request.close(constants.NGHTTP2_CANCEL);
    await gate.held(1);
    await gate.admin.release();
    expect((await stays.answer).body).toBe("blue 6");
    expect(blue.begun).toBe(1);
    session.close();
  });
});

describe("limits", () => {
  test("a request beyond the limit is refused with 503 and Retry-After, the others stay held", async () => {
    await strict.admin.hold();
    const held = [1, 2, 3].map((bytes) => strict.ask("POST", "/api.php", { body: Buffer.alloc(bytes) }));
    await strict.held(3);
    for (let turn = 0; turn < 5; turn++) {
      const answer = await strict.ask("POST", "/api.php");
      expect(answer).toMatchObject({ status: 503, headers: { "retry-after": "5" } });
      expect(answer.body).toContain("Nothing was saved");
    }
    await strict.admin.release();
    expect((await Promise.all(held)).map((answer) => answer.status)).toEqual([200, 200, 200]);
    expect(blue.begun).toBe(3);
  });

  test("the places of clients that left are free again", async () => {
    await strict.admin.hold();
    for (let turn = 0; turn < 4; turn++) {
      const clients = await Promise.all([1, 2, 3].map(() => RawClient.open(strict.port)));
      for (const client of clients) client.write(post(0));
      await strict.held(3);
      for (const client of clients) client.end();
      await strict.held(0);
    }
  });

  test("a write that is held for too long is answered with 503 and Retry-After, and never sent", async () => {
    await strict.admin.hold();
    const answer = await strict.ask("POST", "/api.php");
    expect(answer).toMatchObject({ status: 503, headers: { "retry-after": "5" } });
    const state = await strict.admin.state();
    expect(state.holdMs).toBeGreaterThan(0);
    expect(state.held).toBe(0);
    expect(blue.begun).toBe(0);
  });

  test("a hold ends by itself", async () => {
    await gate.admin.hold(2_000);
    expect((await gate.ask("POST", "/api.php")).status).toBe(200);
    expect((await gate.admin.state()).holdMs).toBe(0);
  });
});

describe("writes in flight", () => {
  test("are counted one by one, whatever the protocol", async () => {
    const { session, stream } = http2(gate.port);
    const slow = [
      ...[1, 2, 3].map(() => gate.ask("POST", "/api.php?wait")),
      ...[1, 2].map(() => stream("POST", "/api.php?wait").answer),
    ];
    const views = [1, 2].map(() => gate.ask("GET", "/index.php?wait"));
    await until("all of them begun", async () => blue.begun === 7);
    expect((await gate.admin.state()).writes).toEqual({ blue: 5, green: 0 });
    await gate.admin.setPrimary("green");
    const onGreen = gate.ask("POST", "/api.php?wait");
    await until("begun", async () => green.begun === 1);
    expect((await gate.admin.state()).writes).toEqual({ blue: 5, green: 1 });
    for (const side of [blue, green]) side.letGo();
    await Promise.all([...slow, ...views, onGreen]);
    await until("none", async () => (await gate.admin.inFlightWrites()) === 0);
    session.close();
  });

  test("draining waits for them, and says so when it takes too long", async () => {
    const slow = gate.ask("POST", "/api.php?wait");
    await until("in flight", async () => (await gate.admin.inFlightWrites()) === 1);
    await gate.admin.hold();
    expect(await gate.admin.drain(50)).toBe(1);
    setTimeout(() => blue.letGo(), 300);
    expect(await gate.admin.drain(5_000)).toBe(0);
    expect(blue.taken[0]?.answeredAt).toBeLessThan(performance.now());
    expect((await slow).status).toBe(200);
  });
});
