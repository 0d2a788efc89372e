import { createHash } from "node:crypto";
import { type Move, openMove } from "../context";
import { messageOf } from "../errors";
import type { MoveSpec, Secrets } from "../move";
import type { ProgressEvent } from "../progress";
import type { Hold, HoldInputs } from "./hold";

/** Modules by name, loaded when first used: a provider's process seldom needs all. */
const modules: Record<string, () => { hold: unknown }> = {
  adoption: () => require("./adoption"),
  certificate: () => require("./certificate"),
  secretFiles: () => require("./secretFiles"),
  processLimit: () => require("./processLimit"),
  wikiAccount: () => require("./wikiAccount"),
  copy: () => require("./copy"),
  replication: () => require("./replication"),
  deadMan: () => require("./deadMan"),
  uploads: () => require("./uploads"),
  verification: () => require("./verification"),
  gateSettings: () => require("./gateSettings"),
  gateRoute: () => require("./gateRoute"),
  primary: () => require("./primary"),
  archive: () => require("./archive"),
};

type AnyHold = Hold<HoldInputs, Record<string, unknown>>;
type Outputs = Record<string, unknown> & { spec: MoveSpec; inputsHash: string };

function named(name: string): AnyHold {
  const load = modules[name];
  if (!load) throw new Error(`no hold is called ${name}`);
  return load().hold as AnyHold;
}

export async function check(_name: string, inputs: Record<string, unknown>) {
  return { inputs, failures: [] };
}

export async function diff(name: string, olds: Outputs, news: HoldInputs) {
  const sameInputs = olds.inputsHash === hashOf(news);
  const stillHolds = named(name).stillHolds?.(news, olds) ?? true;
  return { changes: !sameInputs || !stillHolds, replaces: [], stables: [] };
}

export async function create(name: string, inputs: HoldInputs, secrets: Secrets) {
  const outputs = await withMove(inputs.spec, secrets, (move) => named(name).create(move, inputs));
  return { id: `${inputs.spec.wiki.name}-${name}`, outs: complete(inputs, outputs) };
}

export async function read(name: string, id: string, outputs: Outputs, secrets: Secrets) {
  const found = await withMove(outputs.spec, secrets, (move) => named(name).read(move, outputs));
  if (found === undefined) return { id: "", props: {} };
  return { id, props: { ...found, spec: outputs.spec, inputsHash: outputs.inputsHash } };
}

export async function update(name: string, olds: Outputs, news: HoldInputs, secrets: Secrets) {
  const outputs = await withMove(news.spec, secrets, (move) => named(name).update(move, news, olds));
  return { outs: complete(news, outputs) };
}

export async function remove(name: string, outputs: Outputs, secrets: Secrets) {
  await withMove(outputs.spec, secrets, (move) => named(name).remove(move, outputs));
}

function complete(inputs: HoldInputs, outputs: object) {
  return { ...outputs, spec: inputs.spec, inputsHash: hashOf(inputs) };
}

/** SHA-256 over the inputs with their keys in order: the inputs themselves, secrets among them, are not kept. */
export function hashOf(inputs: object): string {
  const canonical = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(canonical);
    if (value === null || typeof value !== "object") return value;
    const entries = Object.entries(value).filter(
      ([key, inner]) => inner !== undefined && !key.startsWith("__"),
    );
    return Object.fromEntries(
      entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, canonical(inner)]),
    );
  };
  return createHash("sha256")
    .update(JSON.stringify(canonical(inputs)))
    .digest("hex");
}

async function withMove<T>(spec: MoveSpec, secrets: Secrets, act: (move: Move) => Promise<T>): Promise<T> {
  const move = openMove(spec, secrets, printProgress);
  try {
    return await act(move);
  } catch (error) {
    // Only the message crosses to the engine's terminal, and it says what to do.
    throw new Error(messageOf(error), { cause: error });
  } finally {
    await move.close();
  }
}

let lastPrintedAt = 0;

/**
 * The engine shows each line of a provider's standard output in the terminal of `pulumi up`. What only says how far a
 * step is, is shown every other second.
 */
function printProgress(event: ProgressEvent): void {
  const underWay = event.percent !== undefined && event.percent > 0 && event.percent < 100;
  if (underWay && performance.now() - lastPrintedAt < 2_000) return;
  lastPrintedAt = performance.now();
  const percent = event.percent === undefined ? "" : ` ${event.percent.toFixed(0)} %`;
  process.stdout.write(`[${event.step}]${percent} ${event.message}\n`);
}
