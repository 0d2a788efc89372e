import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { exampleSecrets } from "../../support/stackConfig";

const root = join(__dirname, "../../..");
const goldenDirectory = join(root, "test/golden");

type Changes = Record<string, string | number>;
type Case = ["staging" | "prod", Changes];
type Graph = { type: string; name: string; inputs: Record<string, unknown> }[];

const golden: [string, ...Case][] = [
  ["staging-prepare", "staging", { phase: "prepare" }],
  ["staging-sync", "staging", { phase: "sync" }],
  ["staging-switch", "staging", { phase: "switch", canary: 10 }],
  ["staging-switch-green", "staging", { phase: "switch", active: "green" }],
  ["staging-retire", "staging", { phase: "retire", active: "green" }],
  ["prod-prepare", "prod", { phase: "prepare" }],
  ["prod-switch-green", "prod", { phase: "switch", active: "green" }],
];
const retired: Changes = { phase: "retire", active: "green" };
const prod: Case = ["prod", retired];
const labelled: Case = ["staging", { ...retired, "rehearsal.id": "main-0123" }];

const graphs = new Map<string, { text: string; providers: string[] }>();

function graphOf(...wanted: Case) {
  const found = graphs.get(JSON.stringify(wanted));
  if (!found) throw new Error(`${JSON.stringify(wanted)} is not among those that were asked for`);
  return found;
}

// One process for all: to load the program takes longer than to run it.
beforeAll(async () => {
  const cases: Case[] = [...golden.map(([, stack, changes]): Case => [stack, changes]), prod, labelled];
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--require", "tsx/cjs", join(root, "test/support/graph.ts"), JSON.stringify(cases)],
    { cwd: root, maxBuffer: 64 << 20 },
  );
  (JSON.parse(stdout) as { graph: object[]; providers: unknown[] }[]).forEach(({ graph, providers }, at) => {
    const text = JSON.stringify(graph, null, 2)
      .replace(/(wikiferry\/[a-z-]+):[0-9a-f]{12}/g, "$1:[hash]")
      .replace(/("label": "wikiferry.settings",\s+"value": )"[0-9a-f]{16}"/g, '$1"[hash]"')
      .replace(/("program": )"[0-9a-f]{64}"/g, '$1"[hash]"');
    graphs.set(JSON.stringify(cases[at]), {
      text: `${text}\n`,
      providers: providers.map((code) => (typeof code === "string" ? code : JSON.stringify(code))),
    });
  });
});

test.each(golden)("the graph of %s is the golden one", (name, ...wanted) => {
  const { text } = graphOf(...wanted);
  const file = join(goldenDirectory, `${name}.json`);
  if (process.env.UPDATE_GOLDEN) {
    mkdirSync(goldenDirectory, { recursive: true });
    writeFileSync(file, text);
  }
  expect(existsSync(file)).toBe(true);
  expect(text).toBe(readFileSync(file, "utf8"));
});

test("no secret of the config is in the graph in plain", () => {
  const { text } = graphOf(...prod);
  const { masterSecret, wiki, ssh, blue, edge } = exampleSecrets;
  const secrets = [
    masterSecret,
    wiki.appPassword,
    wiki.secretKey,
    ssh.privateKey,
    blue.database.adminPassword,
    edge.apiToken,
  ];
  for (const value of secrets) expect(text).not.toContain(value);
  // The SSH key of each host's command, and the CDN's token: all else is read where it is used.
  expect(text.match(/\[secret\]/g)?.length).toBe(5);
});

test("all that a rehearsal's stack makes on the engine carries its id", () => {
  const { text } = graphOf(...labelled);
  const graph = JSON.parse(text) as { type: string; inputs: { labels?: unknown[] } }[];
  const made = graph.filter(({ type }) => /^docker:.*:(Container|Volume|Network)$/.test(type));
  expect(made.length).toBeGreaterThan(12);
  for (const { inputs } of made)
    expect(inputs.labels).toContainEqual({ label: "wikiferry.rehearsal", value: "main-0123" });
});

test("each container has a limit of memory and of processes, and each tmpfs a size", () => {
  const { text } = graphOf(...prod);
  const graph = JSON.parse(text) as Graph;
  const containers = graph.filter(({ type }) => type.endsWith(":Container"));
  const bounded = graph
    .filter(({ type, inputs }) => type.endsWith(":ProcessLimit") && (inputs.pids as number) > 0)
    .map(({ inputs }) => inputs.container);
  expect(containers.length).toBe(8);
  expect(bounded.sort()).toEqual(containers.map(({ name }) => `${name}-id`).sort());
  for (const { inputs } of containers) {
    expect(inputs.memory).toBeGreaterThan(100);
    expect(inputs.memorySwap).toBe(inputs.memory);
    const sizes = Object.values(inputs.tmpfs as Record<string, string>).map((options) =>
      Number(/(?:^|,)size=(\d+)m(?:,|$)/.exec(options)?.[1]),
    );
    expect(sizes.length).toBeGreaterThan(1);
    for (const sizeMb of sizes) expect(sizeMb).toBeLessThanOrEqual(64);
  }
});

test("the serialized providers are small, all alike, and call the engine by its name only", () => {
  const { providers } = graphOf("staging", retired);
  expect(providers.length).toBe(23);
  for (const code of providers) {
    expect(code.length).toBeLessThan(12_000);
    expect(code).toContain("./stacks/provider");
    expect(code).not.toContain("CHANGE MASTER");
  }
  expect(new Set(providers.map((code) => code.replace(/\.handler = "[a-zA-Z]+"/, ""))).size).toBe(1);
});
