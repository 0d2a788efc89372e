import type { Duplex } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import { WikiferryError } from "../../errors";
import type { ContainerRef } from "../../move";
import type { SshPool } from "../ssh/pool";
import { startInContainer } from "./exec";
import { FrameSplitter } from "./frames";

/**
 * A command that runs in a container and answers line by line. It is started before there is a question, so a question
 * does not wait for a process to start, some 100 ms on a busy machine.
 */
export class Conversation {
  private readonly lines: string[] = [];
  private text = "";
  private complaints = "";
  private ended = false;
  private wake: () => void = () => {};

  private constructor(
    private readonly name: string,
    private readonly stream: Duplex,
  ) {
    const splitter = new FrameSplitter();
    const decoder = new StringDecoder();
    stream.on("data", (chunk: Buffer) => {
      for (const { stream: from, data } of splitter.split(chunk)) {
        if (from === "stderr") this.complaints = (this.complaints + data).slice(-2_000);
        else this.take(decoder.write(data));
      }
    });
    const end = () => {
      this.ended = true;
      this.wake();
    };
    stream.on("error", end).on("end", end).on("close", end);
  }

  /** @throws as `execInContainer` */
  static async start(ref: ContainerRef, command: string[], pool: SshPool): Promise<Conversation> {
    const { stream } = await startInContainer(ref, command, pool, { withStdin: true });
    return new Conversation(`\`${command.join(" ").slice(0, 60)}\` in ${ref.container}`, stream);
  }

  say(text: string): void {
    if (!this.stream.destroyed) this.stream.write(text);
  }

  /** The next line of its standard output, without the line ending. @throws `CONTAINER_COMMAND` if none arrives */
  async line(timeoutMs: number): Promise<string> {
    const end = performance.now() + timeoutMs;
    for (;;) {
      const line = this.lines.shift();
      if (line !== undefined) return line;
      const leftMs = end - performance.now();
      if (this.ended || leftMs <= 0) {
        throw new WikiferryError(
          "CONTAINER_COMMAND",
          `${this.name} ${this.ended ? "ended" : `was silent for ${timeoutMs} ms`} (${this.complaints.trim().slice(-300) || "it said nothing"})`,
          "See the container's log, and run again",
        );
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Closes the command's input. The command then ends by itself. */
  finish(): void {
    if (!this.stream.destroyed) this.stream.end();
  }

  /** Drops the command, whatever it is doing. */
  close(): void {
    this.stream.destroy();
  }

  private take(text: string): void {
    const parts = (this.text + text).split("\n");
    this.text = parts.pop() ?? "";
    this.lines.push(...parts);
    this.wake();
  }
}
