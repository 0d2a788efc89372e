import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Side } from "../../../../engine/move";
import type { LoadCommand, LoadOrder, LoadRecords } from "./records";

/*
 * Writers and readers in a separate process, so that no measurement waits for the engine's event loop. All times are by
 * this process's clock.
 */

let records: LoadRecords = { edits: [], views: [], failures: {} };
let going = true;
let nextId = 1;
let busy = 0;

const epochMs = () => performance.timeOrigin + performance.now();

/** A client's own rhythm: after a wait it continues at its next turn, so that clients do not synchronize. */
class Turns {
  private readonly startedAt: number;
  private turn = 0;

  constructor(
    private readonly everyMs: number,
    share: number,
  ) {
    this.startedAt = performance.now() + everyMs * share;
  }

  async next(): Promise<void> {
    const now = performance.now();
    this.turn = Math.max(this.turn + 1, Math.ceil((now - this.startedAt) / this.everyMs));
    await sleep(Math.max(0, this.startedAt + this.turn * this.everyMs - now));
  }
}

/** The body of an answer with status 200. @throws what came instead, in a word */
function ask(agent: Agent, order: LoadOrder, method: string, path: string, body?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { "Content-Length": body.length };
    const sent = request({ agent, host: order.host, port: order.port, method, path, headers }, (response) => {
      let text = "";
      response.setEncoding("latin1");
      response.on("data", (piece: string) => (text += piece));
      response.on("error", reject);
      response.on("end", () => {
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(`status ${response.statusCode}`));
      });
    });
    sent.setTimeout(60_000, () => sent.destroy(new Error("no answer within 60 s")));
    sent.on("error", reject);
    sent.end(body);
  });
}

function failed(what: string, error: unknown): void {
  const { code, message } = error as NodeJS.ErrnoException;
  const name = `${what}: ${code ?? message}`;
  records.failures[name] = (records.failures[name] ?? 0) + 1;
}

const text = "x".repeat(200);

async function write(order: LoadOrder, writer: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const turns = new Turns((1_000 * order.clients) / order.rate, writer / order.clients);
  for (;;) {
    await turns.next();
    if (!going) continue;
    busy++;
    const id = nextId++;
    const startedAt = epochMs();
    for (;;) {
      try {
        const side = (await ask(agent, order, "POST", `/edit?id=${id}`, text)) as Side;
        records.edits.push({ id, startedAt, endedAt: epochMs(), side });
        break;
      } catch (error) {
        failed("edit", error);
        await turns.next();
      }
    }
    busy--;
  }
}

async function read(order: LoadOrder, reader: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const turns = new Turns((1_000 * order.viewers) / order.viewRate, reader / order.viewers);
  for (let page = reader; ; page = (page + 7) % order.pages) {
    await turns.next();
    if (!going) continue;
    const startedAt = epochMs();
    try {
      await ask(agent, order, "GET", `/page?id=${page + 1}`);
      records.views.push({ startedAt, endedAt: epochMs() });
    } catch (error) {
      failed("view", error);
    }
  }
}

async function obey(command: LoadCommand): Promise<unknown> {
  if ("take" in command) {
    const taken = records;
    records = { edits: [], views: [], failures: {} };
    return taken;
  }
  going = "go" in command;
  while (!going && busy > 0) await sleep(5);
  return {};
}

process.once("disconnect", () => process.exit(0));
process.once("message", (order: LoadOrder) => {
  for (let writer = 0; writer < order.clients; writer++) void write(order, writer);
  for (let reader = 0; reader < order.viewers; reader++) void read(order, reader);
  process.on("message", async (command: LoadCommand) => process.send?.(await obey(command)));
});
