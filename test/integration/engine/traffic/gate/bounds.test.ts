import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { runInContainer } from "../../../../../engine/runtime/docker/exec";
import type { RunningContainer } from "../../../../support/dockerWorld";
import { GateWorld, type TestGate } from "../../../../support/gateWorld";
import { testImage } from "../../../../support/image";
import { RawClient } from "../../../../support/rawClient";
import { until } from "../../../../support/until";

const world = new GateWorld();
const { blue, green } = world;
const perAddress = 12;
let gate: TestGate;
/** The same gate behind a CDN that has the host's address. */
let behindCdn: TestGate;
/** Another container on the gate's network. */
let stranger: RunningContainer;

beforeAll(async () => {
  await world.open();
  gate = await world.gate("bounds", [`MAX_CONNECTIONS_PER_ADDRESS=${perAddress}`]);
  const host = world.addresses.blue.split(":")[0];
  behindCdn = await world.gate("behind-cdn", [
    `MAX_CONNECTIONS_PER_ADDRESS=${perAddress}`,
    `TRUSTED_ADDRESSES=192.0.2.0/24 ${host}/32`,
  ]);
  await world.bothUp(gate);
  stranger = await world.docker.run("stranger", await testImage("gate"), {
    Entrypoint: ["sleep", "600"],
    HostConfig: { NetworkMode: (await gate.running.container.inspect()).HostConfig.NetworkMode },
  });
});

beforeEach(async () => {
  await gate.admin.turn("blue");
  for (const side of [blue, green]) side.taken.length = 0;
  blue.begun = 0;
});

afterAll(() => world.close());

/** What the other container gets from a port of the gate: its answer to a line, or `refused`. */
async function fromStranger(port: number, line: string): Promise<string> {
  const address = await gate.running.address();
  const script = `exec 3<>/dev/tcp/${address}/${port} && printf '${line}' >&3 && timeout 10 cat <&3; true`;
  const answer = await runInContainer({ container: stranger.name }, ["bash", "-c", script], world.pool);
  return answer === "" ? "refused" : answer;
}

describe("a flip's drain", () => {
  test.each([
    ["a body that comes byte by byte", "Content-Length: 5000\r\n\r\nabc", "d"],
    ["a body without an end", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "1\r\nx\r\n"],
  ])("does not wait for %s", async (_name, rest, more) => {
    const client = await RawClient.open(gate.port);
    client.write(`POST /api.php HTTP/1.1\r\nHost: wiki\r\n${rest}`);
    await until("in flight", async () => (await gate.admin.inFlightWrites()) === 1);
    const trickle = setInterval(() => client.write(more), 50);
    await gate.admin.hold();
    // Far longer than this test may take.
    expect(await gate.admin.drain(600_000)).toBe(1);
    clearInterval(trickle);
    client.reset();
    await until("none", async () => (await gate.admin.inFlightWrites()) === 0);
  });

  test("does not wait for a client that does not read its answer", async () => {
    const client = connect({ port: gate.port, host: "127.0.0.1" });
    await new Promise((resolve) => client.once("connect", resolve));
    client.pause();
    client.write("POST /api.php?long HTTP/1.1\r\nHost: wiki\r\nContent-Length: 0\r\n\r\n");
    await until("begun", async () => blue.begun === 1);
    await gate.admin.hold();
    expect(await gate.admin.drain(600_000)).toBe(1);
    client.destroy();
    await until("none", async () => (await gate.admin.inFlightWrites()) === 0);
  });

  test("still waits for a write that the wiki is processing, beside a slow one", async () => {
    const client = await RawClient.open(gate.port);
    client.write("POST /api.php HTTP/1.1\r\nHost: wiki\r\nContent-Length: 5000\r\n\r\nabc");
    const working = gate.ask("POST", "/api.php?wait");
    await until("both in flight", async () => (await gate.admin.inFlightWrites()) === 2);
    await gate.admin.hold();
    const drained = gate.admin.drain(600_000);
    let over = false;
    drained.then(() => {
      over = true;
    });
    // Long enough for the slow one to be known as such.
    await sleep(2_500);
    expect(over).toBe(false);
    blue.letGo();
    expect(await drained).toBe(1);
    expect((await working).status).toBe(200);
    client.reset();
  });
});

describe("connections", () => {
  test("one address can't use up all connections: the others are served meanwhile", async () => {
    const idle: RawClient[] = [];
    for (let n = 0; n < 4 * perAddress; n++) idle.push(await RawClient.open(gate.port));
    const open = () => idle.filter(({ closed }) => !closed).length;
    await until("the rest closed", async () => open() <= perAddress);
    expect(await fromStranger(8080, "GET /index.php HTTP/1.0\\r\\nHost: wiki\\r\\n\\r\\n")).toMatch(
      /^HTTP\/1\.1 200 [\s\S]*blue 0$/,
    );
    for (const client of idle) client.reset();
    await until("served again", async () => (await gate.ask("GET", "/index.php")).status === 200);
  });

  test("an address that stands for many people may open any number", async () => {
    const clients: RawClient[] = [];
    for (let n = 0; n < 4 * perAddress; n++) clients.push(await RawClient.open(behindCdn.port));
    for (const client of clients) client.write("GET /index.php HTTP/1.1\r\nHost: wiki\r\n\r\n");
    for (const client of clients) await client.answers(/^HTTP\/1\.1 200 /);
    for (const client of clients) client.reset();
  });
});

test("another container of green reaches neither the runtime API nor the metrics", async () => {
  const { admin, running } = gate;
  expect((await admin.state()).primary).toBe("blue");
  // With and without the password.
  expect(await fromStranger(9999, "gate show\\n")).toBe("refused");
  expect(await fromStranger(9999, `gate login ${"a9F".repeat(12)};gate show\\n`)).toBe("refused");
  expect(await fromStranger(8405, "GET /metrics HTTP/1.0\\r\\n\\r\\n")).toBe("refused");
  await until("the container's own check", async () => {
    const { State } = await running.container.inspect();
    return State.Health?.Status === "healthy";
  });
});
