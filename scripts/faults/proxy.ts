import type { AddressInfo } from "node:net";
import { connect, createServer, type Server, type Socket } from "node:net";

/**
 * How a path between two machines is broken: `reset` ends every connection and refuses new ones, `silent` lets nothing
 * through without an error, `there` and `back` only in one direction (half-open).
 */
export type Cut = "reset" | "silent" | "there" | "back";

/** One connection through the proxy. */
interface Way {
  near: Socket;
  far: Socket;
}

/**
 * A TCP path that can be broken and slowed down. What a silent cut holds back arrives once it is healed, as TCP
 * retransmits what a network lost.
 */
export class TcpProxy {
  private readonly server: Server;
  private readonly ways = new Set<Way>();
  private cutBy: Cut | undefined;
  private delayMs = 0;
  private waiting: Socket[] = [];

  constructor(
    readonly name: string,
    private readonly target: { host: string; port: number },
  ) {
    this.server = createServer({ pauseOnConnect: true, noDelay: true }, (near) => this.accept(near));
  }

  /** Returns the port. */
  async listen(host: string, port = 0): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.server.once("error", reject);
      this.server.listen(port, host, resolve);
    });
    return (this.server.address() as AddressInfo).port;
  }

  cut(how: Cut): void {
    this.cutBy = how;
    if (how === "reset") {
      for (const { near, far } of this.ways) {
        near.resetAndDestroy();
        far.resetAndDestroy();
      }
      return;
    }
    for (const way of this.ways) this.arrange(way);
  }

  /** Each piece arrives this much later, in milliseconds, in each direction. */
  delay(ms: number): void {
    this.delayMs = ms;
  }

  heal(): void {
    this.cutBy = undefined;
    this.delayMs = 0;
    for (const way of this.ways) this.arrange(way);
    for (const near of this.waiting.splice(0)) this.accept(near);
  }

  async close(): Promise<void> {
    for (const { near, far } of this.ways) {
      near.destroy();
      far.destroy();
    }
    for (const near of this.waiting) near.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private accept(near: Socket): void {
    near.on("error", () => {});
    if (near.destroyed) return;
    if (this.cutBy === "reset") {
      near.resetAndDestroy();
      return;
    }
    if (this.cutBy !== undefined) {
      this.waiting.push(near);
      return;
    }
    const far = connect({ ...this.target, noDelay: true });
    const way = { near, far };
    this.ways.add(way);
    far.on("error", () => near.resetAndDestroy());
    this.pass(near, far);
    this.pass(far, near);
    const forget = () => this.ways.delete(way);
    near.once("close", forget);
    far.once("close", forget);
    this.arrange(way);
  }

  private arrange({ near, far }: Way): void {
    const stopThere = this.cutBy === "silent" || this.cutBy === "there";
    const stopBack = this.cutBy === "silent" || this.cutBy === "back";
    if (stopThere) near.pause();
    else near.resume();
    if (stopBack) far.pause();
    else far.resume();
  }

  private pass(from: Socket, to: Socket): void {
    const queue: { at: number; act: () => void }[] = [];
    let timer: NodeJS.Timeout | undefined;
    const drain = () => {
      timer = undefined;
      // Nothing overtakes earlier pieces, even if the delay has become shorter.
      for (let first = queue[0]; first; first = queue[0]) {
        const waitMs = first.at - performance.now();
        if (waitMs > 0) {
          timer = setTimeout(drain, Math.ceil(waitMs));
          return;
        }
        queue.shift();
        first.act();
      }
    };
    const later = (act: () => void) => {
      queue.push({ at: performance.now() + this.delayMs, act });
      if (timer === undefined) drain();
    };
    from.on("data", (piece: Buffer) =>
      later(() => {
        if (!to.destroyed) to.write(piece);
      }),
    );
    from.on("end", () => later(() => to.end()));
    from.on("close", () => later(() => to.destroy()));
  }
}
