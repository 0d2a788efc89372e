import type { Duplex } from "node:stream";
import { messageOf, WikiferryError } from "../../errors";
import type { Address } from "../../move";
import { describeAddress } from "../../runtime/ssh/connection";
import type { SshPool } from "../../runtime/ssh/pool";

const prompt = "\n> ";

/**
 * A persistent connection to HAProxy's runtime API. Its `prompt` mode ends each answer with `\n> `, so one connection
 * serves any number of commands, and a command costs one round trip. https://docs.haproxy.org/2.6/management.html#9.3
 */
export class RuntimeConnection {
  private stream: Duplex | undefined;
  private queue: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly address: Address,
    private readonly pool: SshPool,
    private readonly password: string,
    private readonly timeoutMs: number,
  ) {}

  /**
   * The answer to one command. Commands are sent one after the other. A kept connection that turns out to be closed is
   * opened again, so a command may run twice: use it only for commands where that is harmless.
   * @throws `GATE_UNREACHABLE`, `GATE_REFUSED`, `GATE_TIMEOUT`
   */
  ask(command: string): Promise<string> {
    const answer = this.queue.then(async () => {
      const kept = this.stream;
      if (kept) {
        const text = await this.exchange(kept, command);
        if (text !== undefined) return text;
      }
      const text = await this.exchange(await this.connect(), command);
      if (text === undefined) throw this.unreachable("it closed the connection");
      return text;
    });
    this.queue = answer.catch(() => {});
    return answer;
  }

  close(): void {
    this.stream?.destroy();
    this.stream = undefined;
  }

  private async connect(): Promise<Duplex> {
    let stream: Duplex;
    try {
      stream = await within(this.pool.stream(this.address), this.address.via ? 15_000 : this.timeoutMs);
    } catch (error) {
      if (error instanceof WikiferryError) throw error;
      throw this.unreachable(messageOf(error), error);
    }
    stream.on("error", () => {});
    const greeting = await this.exchange(stream, `gate login ${this.password || "none"};prompt`);
    if (greeting === undefined || !greeting.startsWith("ok")) {
      stream.destroy();
      throw new WikiferryError(
        "GATE_REFUSED",
        `the gate's runtime API at ${describeAddress(this.address)} rejects the tool`,
        "See that the address is the gate's admin port and that the gate was made with this stack's master secret",
      );
    }
    stream.once("close", () => {
      if (this.stream === stream) this.stream = undefined;
    });
    this.stream = stream;
    return stream;
  }

  /** Sends a line and reads up to the next prompt; undefined when the connection is closed. */
  private exchange(stream: Duplex, line: string): Promise<string | undefined> {
    return new Promise((resolve, reject) => {
      if (stream.destroyed) return resolve(undefined);
      let text = "";
      const finish = () => {
        clearTimeout(timer);
        stream.off("data", onData).off("close", onClose).off("end", onClose);
      };
      const onData = (chunk: Buffer) => {
        text += chunk.toString();
        if (!text.endsWith(prompt)) return;
        finish();
        resolve(text.slice(0, -prompt.length));
      };
      const onClose = () => {
        finish();
        stream.destroy();
        resolve(undefined);
      };
      const timer = setTimeout(() => {
        finish();
        stream.destroy();
        reject(
          new WikiferryError(
            "GATE_TIMEOUT",
            `the gate at ${describeAddress(this.address)} did not answer \`${line.split(" ").slice(0, 2).join(" ")}\` within ${this.timeoutMs} ms`,
            "See `docker logs` of the gate, and that its machine is not overloaded",
          ),
        );
      }, this.timeoutMs);
      stream.on("data", onData).once("close", onClose).once("end", onClose);
      stream.write(`${line}\n`);
    });
  }

  private unreachable(why: string, cause?: unknown): WikiferryError {
    return new WikiferryError(
      "GATE_UNREACHABLE",
      `no answer from the gate's runtime API at ${describeAddress(this.address)} (${why})`,
      "See that the gate's container runs and that its admin port is published",
      { cause },
    );
  }
}

function within<T>(promise: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no connection within ${timeoutMs} ms`)), timeoutMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
