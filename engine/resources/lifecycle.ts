import { createHash } from "node:crypto";
import { messageOf } from "../errors";
import type { ProgressEvent } from "../progress";
import type { HandlerSession, ResourceHandler } from "./handler";

/** Handlers by name, each loaded on first use: a provider's process seldom needs all. */
export type HandlerTable<Name extends string = string> = Readonly<Record<Name, () => { handler: unknown }>>;

type AnyHandler = ResourceHandler<HandlerSession, object, Record<string, unknown>, object, unknown>;

/** What a resource receives: its slice of the move's description, and its own arguments. */
interface Inputs {
  spec: object;
}

type Outputs = Record<string, unknown> & { spec: object; inputsHash: string };

/** What Pulumi asks of dynamic resources, answered by the handlers of a table. */
export type Lifecycle<Name extends string = string> = ReturnType<typeof lifecycleOf<Name>>;

export function lifecycleOf<Name extends string>(table: HandlerTable<Name>) {
  const named = (name: Name) => table[name]().handler as AnyHandler;

  async function inSession<T>(
    name: Name,
    slice: object,
    credentials: unknown,
    act: (handler: AnyHandler, session: HandlerSession) => Promise<T>,
  ): Promise<T> {
    const handler = named(name);
    const session = handler.open(slice, credentials, printProgress);
    try {
      return await act(handler, session);
    } catch (error) {
      // Only the message crosses to the engine's terminal, and it says what to do.
      throw new Error(messageOf(error), { cause: error });
    } finally {
      await session.close();
    }
  }

  return {
    /** What a resource gets of the move's description. */
    sliceFor: (name: Name, spec: object): object => named(name).slice(spec),

    async check(_name: Name, inputs: Record<string, unknown>) {
      return { inputs, failures: [] };
    },

    async diff(name: Name, olds: Outputs, news: Inputs) {
      const sameInputs = olds.inputsHash === hashOf(news);
      const stillHolds = named(name).stillHolds?.(news, olds) ?? true;
      return { changes: !sameInputs || !stillHolds, replaces: [], stables: [] };
    },

    async create(name: Name, inputs: Inputs, credentials: unknown) {
      const outputs = await inSession(name, inputs.spec, credentials, (handler, session) =>
        handler.create(session, inputs),
      );
      return { id: name as string, outs: complete(inputs, outputs) };
    },

    async read(name: Name, id: string, outputs: Outputs, credentials: unknown) {
      const found = await inSession(name, outputs.spec, credentials, (handler, session) =>
        handler.read(session, outputs),
      );
      if (found === undefined) return { id: "", props: {} };
      return { id, props: { ...found, spec: outputs.spec, inputsHash: outputs.inputsHash } };
    },

    async update(name: Name, olds: Outputs, news: Inputs, credentials: unknown) {
      const outputs = await inSession(name, news.spec, credentials, (handler, session) =>
        handler.update(session, news, olds),
      );
      return { outs: complete(news, outputs) };
    },

    async remove(name: Name, outputs: Outputs, credentials: unknown) {
      await inSession(name, outputs.spec, credentials, (handler, session) =>
        handler.remove(session, outputs),
      );
    },
  };
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
