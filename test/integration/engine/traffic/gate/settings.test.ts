import { Agent } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import {
  applyToGate,
  type GateSettings,
  gateProgram,
  gateStanding,
} from "../../../../../engine/traffic/gate/settings";
import { type Answer, adminPassword, GateWorld, type TestGate } from "../../../../support/gateWorld";
import { testImage } from "../../../../support/image";
import { RawClient } from "../../../../support/rawClient";

const world = new GateWorld();
const program = gateProgram();
let gate: TestGate;
let settings: GateSettings;

/** A web tier that is a container with a name. It answers its name, or 500 to health checks. */
async function webTier(what: string, healthy = true) {
  const config = `
global
    stats socket /tmp/admin.sock
defaults
    mode http
    timeout client 60s
    timeout server 60s
    timeout connect 5s
frontend web
    bind :8080
    http-request return status ${healthy ? 200 : 500} if { path /health }
    http-request return status 200 content-type text/plain string ${what}
`;
  return await world.docker.run(
    what,
    await testImage("gate"),
    {
      Entrypoint: ["haproxy", "-db", "-f", "/upstream.cfg"],
      HostConfig: { NetworkMode: world.networkName },
    },
    [],
    [{ path: "/upstream.cfg", content: config, mode: 0o644 }],
  );
}

const place = () => ({ container: gate.running.name });
const apply = (wanted: GateSettings, its = program) => applyToGate(place(), its, wanted, world.pool);

/** Clients on kept connections, some of which pause between two requests. */
function people() {
  const answers: Answer[] = [];
  const failures: unknown[] = [];
  let going = true;
  const clients = Array.from({ length: 12 }, async (_, n) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let turn = 0; going; turn++) {
      const body = Buffer.alloc(50);
      const asked =
        turn % 2 ? gate.ask("POST", "/api.php", { agent, body }) : gate.ask("GET", "/index.php", { agent });
      await asked.then(
        (answer) => answers.push(answer),
        (error) => failures.push(error),
      );
      await sleep(n % 4 ? 10 : 1_500);
    }
    agent.destroy();
  });
  return async () => {
    going = false;
    await Promise.all(clients);
    return { answers, failed: [...failures, ...answers.filter(({ status }) => status !== 200)] };
  };
}

beforeAll(async () => {
  await world.open();
  await webTier("green-1");
  settings = {
    BLUE_ADDRESS: world.addresses.blue,
    GREEN_ADDRESS: `${world.docker.name("green-1")}:8080`,
    ADMIN_PASSWORD: adminPassword,
    FORWARDED_PROTO: "http",
    HOLD_MAX_MS: "15000",
  };
  gate = await world.waitingGate("settings", (running) =>
    applyToGate({ container: running.name }, program, settings, world.pool),
  );
  await world.bothUp(gate);
  await gate.admin.turn("green");
});

afterAll(() => world.close());

test("a gate without settings waits for them; then they are no part of the container's description", async () => {
  expect((await gate.ask("GET", "/")).body).toBe("green-1");
  const standing = await gateStanding(place(), world.pool);
  expect(standing.inForce).toMatch(/^[0-9a-f]{64}$/);
  expect(standing.kept).toBe(standing.inForce);
  expect(JSON.stringify(await gate.running.container.inspect())).not.toContain(adminPassword);
});

test("another green takes over while people read and write, and the old one ends: nothing fails, and the worker stays the same", async () => {
  const { pid } = await gate.admin.state();
  await webTier("green-2");
  const stop = people();
  await sleep(500);
  settings = { ...settings, GREEN_ADDRESS: `${world.docker.name("green-2")}:8080` };
  await apply(settings);
  await world.docker.docker.getContainer(world.docker.name("green-1")).stop({ t: 5 });
  await sleep(2_500);
  const { answers, failed } = await stop();
  expect(failed).toEqual([]);
  expect(new Set(answers.map(({ body }) => body))).toEqual(new Set(["green-1", "green-2"]));
  expect((await gate.ask("POST", "/", {})).body).toBe("green-2");
  expect((await gate.admin.state()).pid).toBe(pid);
  await world.bothUp(gate);
});

test("a green that is unhealthy or missing is refused, and the old one keeps serving", async () => {
  await webTier("green-ill", false);
  const before = await gateStanding(place(), world.pool);
  for (const what of ["green-ill", "green-nowhere"])
    await expect(apply({ ...settings, GREEN_ADDRESS: `${world.docker.name(what)}:8080` })).rejects.toThrow(
      /GATE_SETTINGS: .*does not answer GET \/health with 200: .*green-2:8080 goes on serving/,
    );
  expect(await gateStanding(place(), world.pool)).toEqual(before);
  expect((await gate.ask("GET", "/")).body).toBe("green-2");
});

test("settings and a program that HAProxy refuses change nothing", async () => {
  const { pid } = await gate.admin.state();
  const before = await gateStanding(place(), world.pool);
  const refused: [GateSettings, typeof program, RegExp][] = [
    [{ ...settings, HOLD_MAX_MS: "soon" }, program, /HOLD_MAX_MS is 'soon': set a number/],
    [{ ...settings, HOLD_FOR: "1" }, program, /there is no setting HOLD_FOR/],
    [
      settings,
      { ...program, "haproxy.cfg": `${program["haproxy.cfg"]}\n    bund :80\n` },
      /unknown keyword 'bund'/,
    ],
    [settings, { ...program, "gate.lua": "error('no')" }, /HAProxy refuses.*no/],
  ];
  for (const [wanted, its, why] of refused) await expect(apply(wanted, its)).rejects.toThrow(why);
  expect(await gateStanding(place(), world.pool)).toEqual(before);
  expect((await gate.admin.state()).pid).toBe(pid);
});

test("settings, password and program are changed together under readers and writers in a hold: nothing fails", async () => {
  const stop = people();
  await gate.admin.set({ canary: 20, holdMs: 60_000 });
  await sleep(300);
  const password = "b8E".repeat(12);
  settings = { ...settings, HOLD_MAX_MS: "30000", UPLOAD_PATH: "/files", ADMIN_PASSWORD: password };
  const newer = {
    ...program,
    "keeper.sh": `${program["keeper.sh"]}\n# newer\n`,
    "gate.lua": `${program["gate.lua"]}\n-- newer\n`,
  };
  await apply(settings, newer);
  await gate.reopen(password);
  expect(await gate.admin.state()).toMatchObject({ primary: "green", canary: 20 });
  expect((await gate.admin.state()).held).toBeGreaterThan(0);
  await gate.admin.turn("green");
  await sleep(1_000);
  const { answers, failed } = await stop();
  expect(failed).toEqual([]);
  expect(answers.length).toBeGreaterThan(50);
  await apply(settings, program);
});

test("after a kill the gate starts with the settings that were in force last", async () => {
  const { running } = gate;
  await running.container.kill({ signal: "SIGKILL" });
  await running.container.start();
  await gate.reopen(settings.ADMIN_PASSWORD);
  await world.bothUp(gate);
  expect((await gate.ask("GET", "/")).body).toBe("green-2");
  const standing = await gateStanding(place(), world.pool);
  expect(standing.inForce).toBe(standing.kept);
});

test("an idle connection that an old worker keeps is served when green is replaced after a reload", async () => {
  const client = await RawClient.open(gate.port);
  client.write("GET /index.php HTTP/1.1\r\nHost: wiki\r\n\r\n");
  await client.answers(/green-2/);
  // A kept connection of the tool would keep the old worker alive, too.
  gate.admin.close();
  await apply({ ...settings, HOLD_MAX_MS: "20000" });
  await webTier("green-3");
  settings = { ...settings, HOLD_MAX_MS: "20000", GREEN_ADDRESS: `${world.docker.name("green-3")}:8080` };
  const replaced = apply(settings);
  await sleep(1_000);
  client.write("POST /api.php HTTP/1.1\r\nHost: wiki\r\nContent-Length: 3\r\n\r\nabc");
  await client.answers(/200 OK/);
  await replaced;
  expect((await gate.ask("GET", "/")).body).toBe("green-3");
});
