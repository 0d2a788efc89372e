import { connect, type Socket } from "node:net";
import { until } from "./until";

/** A TCP connection on which a test writes its HTTP byte by byte. */
export class RawClient {
  /** Everything that came back. */
  text = "";
  closed = false;

  private constructor(private readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => {
      this.text += chunk.toString("latin1");
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      this.closed = true;
    });
  }

  static async open(port: number, host = "127.0.0.1"): Promise<RawClient> {
    const socket = connect({ port, host });
    await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    return new RawClient(socket);
  }

  write(text: string): void {
    this.socket.write(text, "latin1");
  }

  async answers(pattern: RegExp): Promise<void> {
    await until(`an answer like ${pattern}`, async () => pattern.test(this.text));
  }

  /** Closes its side cleanly, as a browser's stop button does. */
  end(): void {
    this.socket.end();
  }

  /** Breaks the connection. */
  reset(): void {
    this.socket.resetAndDestroy();
  }
}
