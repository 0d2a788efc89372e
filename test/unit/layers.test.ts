import { readFileSync } from "node:fs";
import { join } from "node:path";
import { circlesIn, type Imports, importsIn, reachedFrom, readImports, root } from "../support/imports";

/**
 * From the lowest to the highest: a file imports from its own layer and from those below. What stands side by side
 * knows nothing of each other.
 */
const layers = [
  // Programs of their own, which Pulumi starts.
  ["plugins"],
  // The words of a move, its errors and findings.
  ["base"],
  // Where commands run: containers and hosts.
  ["runtime"],
  // Connections to both sides.
  ["connections"],
  // Lease, journal, checkpoints, who is primary.
  ["control"],
  // Who serves a request; what is the application's.
  ["traffic", "apps"],
  // What brings one kind of state over.
  ["movers"],
  // What is made of several movers, the gate and the application: a flip, preview, inventory, undo.
  ["operations"],
  // What must hold, one handler for each dynamic resource.
  ["resources"],
  ["components"],
  ["stacks"],
  ["program"],
  // What several commands need, and the set-up.
  ["tools"],
  // The rehearsal of whatever moves.
  ["rehearsal"],
  // What one kind of application brings to its rehearsal.
  ["worlds"],
  ["scripts"],
  ["test"],
];

/** Each place's layer; the longest name counts. */
const places: Record<string, string> = {
  plugins: "plugins",

  "engine/errors.ts": "base",
  "engine/estimate.ts": "base",
  "engine/finding.ts": "base",
  "engine/format.ts": "base",
  "engine/move.ts": "base",
  "engine/progress.ts": "base",
  "engine/secrets.ts": "base",
  "engine/slice.ts": "base",

  "engine/runtime": "runtime",
  "engine/session.ts": "connections",
  "engine/control": "control",
  "engine/traffic": "traffic",
  "engine/apps": "apps",
  "engine/movers": "movers",
  "engine/operations": "operations",
  "engine/resources": "resources",

  components: "components",
  stacks: "stacks",
  "index.ts": "program",
  scripts: "scripts",
  test: "test",
};

function placeOf(file: string): string | undefined {
  const fitting = Object.keys(places).filter((place) => file === place || file.startsWith(`${place}/`));
  return fitting.sort((a, b) => b.length - a.length)[0];
}

function layerOf(file: string): string {
  const layer = places[placeOf(file) ?? ""];
  if (layer === undefined) throw new Error(`${file} has no layer: add its folder to the table`);
  return layer;
}

function wrongArrows(imports: Imports): string[] {
  const height = (layer: string) => layers.findIndex((names) => names.includes(layer));
  return [...imports].flatMap(([file, targets]) => {
    const from = layerOf(file);
    return targets
      .map((target) => ({ target, to: layerOf(target) }))
      .filter(({ to }) => to !== from && height(to) >= height(from))
      .map(({ target, to }) => `${file} (${from}) -> ${target} (${to})`);
  });
}

const imports = readImports(["index.ts", "stacks", "components", "engine", "scripts", "plugins", "test"]);

test("imports are seen in each form that TypeScript knows", () => {
  const source = `import { a } from "./a"; import type { B } from "./b"; export * from "./c"; export type { D } from "./d";
    const e = require("./e"); const f = await import("./f"); let g: import("./g").G; import "./h"; import i = require("./i");
    // import "./no"
    const text = 'import "./no"'; import { pulumi } from "@pulumi/pulumi";`;
  expect(importsIn(source).sort()).toEqual(
    ["a", "b", "c", "d", "e", "f", "g", "h", "i"].map((one) => `./${one}`),
  );
});

test("no file imports itself by way of others, types counted", () => {
  const made = { a: ["b"], b: ["c"], c: ["b", "d"], d: [], e: ["e"] };
  expect(circlesIn(new Map(Object.entries(made)))).toEqual([["b", "c"], ["e"]]);
  expect(circlesIn(imports)).toEqual([]);
});

test("arrows point down only", () => {
  const made = {
    "engine/traffic/gate/gate.ts": [
      "engine/move.ts",
      "engine/apps/http/http.ts",
      "engine/resources/index.ts",
    ],
  };
  expect(wrongArrows(new Map(Object.entries(made)))).toEqual([
    "engine/traffic/gate/gate.ts (traffic) -> engine/apps/http/http.ts (apps)",
    "engine/traffic/gate/gate.ts (traffic) -> engine/resources/index.ts (resources)",
  ]);
  expect(wrongArrows(imports)).toEqual([]);
});

test("npm run status imports nothing from the rehearsal", () => {
  const made = { a: ["b"], b: ["c"], c: [], d: [] };
  expect([...reachedFrom("a", new Map(Object.entries(made)))]).toEqual(["a", "b", "c"]);
  const reached = [...reachedFrom("scripts/status.ts", imports)];
  expect(reached).toContain("stacks/mediawiki/status/ask.ts");
  expect(reached.filter((file) => file.startsWith("scripts/rehearsal/"))).toEqual([]);
});

test("the rehearsal's core does not know what moves", () => {
  const core = [...imports.keys()].filter((file) => file.startsWith("scripts/rehearsal/core/"));
  expect(core.length).toBeGreaterThan(0);
  const knowing = core.filter((file) => /wiki(?!ferry)/i.test(readFileSync(join(root, file), "utf8")));
  expect(knowing).toEqual([]);
});

test("the table of layers names what is there", () => {
  const used = new Set([...imports.keys()].map(placeOf));
  expect(Object.keys(places).filter((place) => !used.has(place))).toEqual([]);
  expect(Object.values(places).filter((layer) => !layers.flat().includes(layer))).toEqual([]);
});
