import type { Output } from "./schema";

/** Collects a command's two streams and passes on each complete line. */
export class Lines {
  readonly #text = { stdout: "", stderr: "" };
  readonly #open = { stdout: "", stderr: "" };
  readonly #onLine: (stream: keyof Output, line: string) => void;

  constructor(onLine: (stream: keyof Output, line: string) => void) {
    this.#onLine = onLine;
  }

  add(stream: keyof Output, chunk: string): void {
    this.#text[stream] += chunk;
    const lines = (this.#open[stream] + chunk).split("\n");
    this.#open[stream] = lines.pop() ?? "";
    for (const line of lines) if (line) this.#onLine(stream, line);
  }

  /** As in the vendor's plugin: without trailing newlines. */
  end(): Output {
    for (const stream of ["stdout", "stderr"] as const)
      if (this.#open[stream]) this.#onLine(stream, this.#open[stream]);
    return { stdout: this.#text.stdout.replace(/\n+$/, ""), stderr: this.#text.stderr.replace(/\n+$/, "") };
  }
}
