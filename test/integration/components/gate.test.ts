import { randomBytes } from "node:crypto";
import { symlinkSync } from "node:fs";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import Docker from "dockerode";
import { freePort } from "../../../scripts/lab/freePort";
import { labelsOfOurs } from "../../../scripts/lab/leftovers";
import { testImage } from "../../support/image";
import { rawConfig } from "../../support/stackConfig";
import { Program } from "../plugins/program";

// Six runs of Pulumi, on a machine that may be busy.
jest.setTimeout(600_000);

const engine = new Docker();
const id = `wikiferry-test-${randomBytes(4).toString("hex")}`;
const projectDir = join(__dirname, "../../..");
let program: Program;
let image: string;
let port: number;

/** The gate and green's web tier as the stack creates them, with different names and a minimal web tier. */
const source = (said: string, health = 200) => `
require("tsx/cjs");
const docker = require("@pulumi/docker");
const pulumi = require("@pulumi/pulumi");
const { GateSettings } = require("./components/migration/resources");
const { gateProgram, hashOfGate } = require("./engine/traffic/gate/settings");
const labels = ${JSON.stringify(Object.entries(labelsOfOurs()).map(([label, value]) => ({ label, value })))};
const network = new docker.Network("net", { name: "${id}-net", labels });
const state = new docker.Volume("state", { name: "${id}-state", labels });
const networksAdvanced = [{ name: network.name }];
const web = new docker.Container("web", {
  image: "${image}",
  labels,
  entrypoints: ["haproxy", "-W", "-db", "-f", "/upstream.cfg"],
  networksAdvanced,
  uploads: [{ file: "/upstream.cfg", permissions: "0644", content: \`
defaults
    mode http
    timeout client 60s
    timeout server 60s
    timeout connect 5s
frontend web
    bind :8080
    http-request return status ${health} content-type text/plain string ${said}
\` }],
  healthcheck: { tests: ["CMD", "bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET / HTTP/1.0\\\\r\\\\n\\\\r\\\\n' >&3 && read -t 2 -r line <&3 && [[ $line == *' 200 '* ]]"], interval: "1s", retries: 3 },
  wait: true,
  waitTimeout: ${health === 200 ? 60 : 5},
  destroyGraceSeconds: 10,
});
const gate = new docker.Container("gate", {
  name: "${id}-gate",
  image: "${image}",
  labels,
  readOnly: true,
  tmpfs: { "/tmp": "mode=1777" },
  networksAdvanced,
  ports: [{ internal: 8080, external: ${port}, ip: "127.0.0.1" }],
  volumes: [{ volumeName: state.name, containerPath: "/state" }],
}, { deleteBeforeReplace: true });
new GateSettings("settings", {
  spec: { wiki: { name: "test" }, gate: { container: "${id}-gate" }, green: { database: {} }, blue: { database: {} } },
  settings: { BLUE_ADDRESS: "127.0.0.1:1", GREEN_ADDRESS: pulumi.interpolate\`\${web.name}:8080\`, PRIMARY: "green" },
  program: hashOfGate(gateProgram(), {}),
}, { dependsOn: [gate] });
`;

/** Asks once. Returns the answer, or what went wrong. */
const ask = (method: string, agent: Agent): Promise<string> =>
  new Promise((resolve) => {
    const sent = request({ host: "127.0.0.1", port, method, path: "/", agent }, (response) => {
      let text = "";
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () => resolve(response.statusCode === 200 ? text : `status ${response.statusCode}`));
      response.on("error", (error) => resolve(error.message));
    });
    sent.on("error", (error) => resolve(error.message));
    sent.end(method === "POST" ? "text" : undefined);
  });

/** Readers and writers all the while. Returns their answers, and how often each came. */
async function meanwhile(work: () => Promise<unknown>): Promise<Map<string, number>> {
  const told = new Map<string, number>();
  let going = true;
  const people = ["GET", "POST", "GET", "POST"].map(async (method, n) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    while (going) {
      const answer = await ask(method, agent);
      told.set(answer, (told.get(answer) ?? 0) + 1);
      await sleep(n < 2 ? 20 : 700);
    }
    agent.destroy();
  });
  await work();
  await sleep(1_500);
  going = false;
  await Promise.all(people);
  return told;
}

beforeAll(async () => {
  image = await testImage("gate");
  port = await freePort();
  program = await Program.make(source("one"));
  for (const name of ["components", "engine", "plugins", "scripts", "stacks", "tsconfig.json"])
    symlinkSync(join(projectDir, name), join(program.folder, name));
  const config = rawConfig("staging", { masterSecret: randomBytes(32).toString("hex") });
  const pairs = Object.entries(config).flatMap(([key, value]) => [
    "--secret",
    `${key.replace("wikiferry:", "")}=${value}`,
  ]);
  await program.run("config", "set-all", ...pairs);
  await program.up();
});

afterAll(() => program?.close());

const webs = async () => {
  const listed = await engine.listContainers({ filters: JSON.stringify({ network: [`${id}-net`] }) });
  return listed.filter(({ Names }) => Names[0] !== `/${id}-gate`).length;
};

test("a change of green's settings replaces what serves under readers and writers: no request fails, and a second up changes nothing", async () => {
  const { Id } = await engine.getContainer(`${id}-gate`).inspect();
  program.rewrite(source("two"));
  const told = await meanwhile(() => program.up());
  expect([...told.keys()].sort()).toEqual(["one", "two"]);
  expect(await webs()).toBe(1);
  expect((await engine.getContainer(`${id}-gate`).inspect()).Id).toBe(Id);
  await program.up("--expect-no-changes");
});

test("a replacement that never becomes healthy fails the update and leaves the old one serving; the next update leaves nothing behind", async () => {
  program.rewrite(source("ill", 500));
  const told = await meanwhile(async () => {
    const { code, text } = await program.attempt("up", "--yes", "--skip-preview");
    expect(code).not.toBe(0);
    expect(text).toMatch(/should be healthy within 5 s/);
  });
  expect([...told.keys()]).toEqual(["two"]);
  program.rewrite(source("three"));
  const mended = await meanwhile(() => program.up());
  expect([...mended.keys()].sort()).toEqual(["three", "two"]);
  expect(await webs()).toBe(1);
  await program.run("refresh", "--yes", "--skip-preview");
  await program.up("--expect-no-changes");
});
