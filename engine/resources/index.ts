import { createHash } from "node:crypto";
import { messageOf } from "../errors";
import type { MoveSpec, Secrets } from "../move";
import type { ProgressEvent } from "../progress";
import type { EngineSession } from "../session";
import type { ResourceHandler } from "./handler";

/** Modules by name, loaded on first use: a provider's process seldom needs all. */
const modules = {
  adoption: () => require("./adoption"),
  certificate: () => require("./certificate"),
  secretFiles: () => require("./secretFiles"),
  processLimit: () => require("./processLimit"),
  wikiAccount: () => require("./wikiAccount"),
  copy: () => require("./copy"),
  replication: () => require("./replication"),
  watchdog: () => require("./watchdog"),
  uploads: () => require("./uploads"),
  verification: () => require("./verification"),
  gateSettings: () => require("./gateSettings"),
  gateRoute: () => require("./gateRoute"),
  primary: () => require("./primary"),
  archive: () => require("./archive"),
};

/** The things that must hold, each one a module of this folder. */
export type ResourceName = keyof typeof modules;

type AnyHandler = ResourceHandler<EngineSession<object>, object, Record<string, unknown>>;

/** What a resource receives: its slice of the move's description, and its own arguments. */
interface Inputs {
  spec: object;
}

type Outputs = Record<string, unknown> & { spec: object; inputsHash: string };

function named(name: ResourceName): AnyHandler {
  return modules[name]().handler as AnyHandler;
}

/** What a resource gets of the move's description. */
export function sliceFor(name: ResourceName, spec: MoveSpec): object {
  return named(name).slice(spec);
}

export async function check(_name: ResourceName, inputs: Record<string, unknown>) {
  return { inputs, failures: [] };
}

export async function diff(name: ResourceName, olds: Outputs, news: Inputs) {
  const sameInputs = olds.inputsHash === hashOf(news);
  const stillHolds = named(name).stillHolds?.(news, olds) ?? true;
  return { changes: !sameInputs || !stillHolds, replaces: [], stables: [] };
}

export async function create(name: ResourceName, inputs: Inputs, secrets: Secrets) {
  const outputs = await inSession(name, inputs.spec, secrets, (hold, session) =>
    hold.create(session, inputs),
  );
  return { id: name, outs: complete(inputs, outputs) };
}

export async function read(name: ResourceName, id: string, outputs: Outputs, secrets: Secrets) {
  const found = await inSession(name, outputs.spec, secrets, (hold, session) => hold.read(session, outputs));
  if (found === undefined) return { id: "", props: {} };
  return { id, props: { ...found, spec: outputs.spec, inputsHash: outputs.inputsHash } };
}

export async function update(name: ResourceName, olds: Outputs, news: Inputs, secrets: Secrets) {
  const outputs = await inSession(name, news.spec, secrets, (hold, session) =>
    hold.update(session, news, olds),
  );
  return { outs: complete(news, outputs) };
}

export async function remove(name: ResourceName, outputs: Outputs, secrets: Secrets) {
  await inSession(name, outputs.spec, secrets, (hold, session) => hold.remove(session, outputs));
}

function complete(inputs: Inputs, outputs: object) {
  return { ...outputs, spec: inputs.spec, inputsHash: hashOf(inputs) };
}

/** SHA-256 over the inputs with sorted keys: the inputs themselves, secrets among them, are not kept. */
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

async function inSession<T>(
  name: ResourceName,
  slice: object,
  secrets: Secrets,
  act: (hold: AnyHandler, session: EngineSession<object>) => Promise<T>,
): Promise<T> {
  const hold = named(name);
  const session = hold.open(slice, secrets, printProgress);
  try {
    return await act(hold, session);
  } catch (error) {
    // Only the message crosses to the engine's terminal, and it says what to do.
    throw new Error(messageOf(error), { cause: error });
  } finally {
    await session.close();
  }
}

let lastPrintedAt = 0;

/**
 * The engine shows each line of a provider's standard output in the terminal of `pulumi up`. Progress is shown every
 * other second.
 */
function printProgress(event: ProgressEvent): void {
  const underWay = event.percent !== undefined && event.percent > 0 && event.percent < 100;
  if (underWay && performance.now() - lastPrintedAt < 2_000) return;
  lastPrintedAt = performance.now();
  const percent = event.percent === undefined ? "" : ` ${event.percent.toFixed(0)} %`;
  process.stdout.write(`[${event.step}]${percent} ${event.message}\n`);
}
