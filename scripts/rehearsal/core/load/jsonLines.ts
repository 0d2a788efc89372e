import { closeSync, openSync, writeSync } from "node:fs";

/** JSON lines, each handed to the operating system before `write` returns. */
export class JsonLines<T> {
  private readonly fd: number;

  constructor(readonly path: string) {
    this.fd = openSync(path, "a", 0o644);
  }

  write(entry: T): void {
    writeSync(this.fd, `${JSON.stringify(entry)}\n`);
  }

  close(): void {
    closeSync(this.fd);
  }
}

/** Reads JSON lines; a last line that a killed writer left half written is passed over. */
export function parseLines<T>(text: string): T[] {
  const lines = text.split("\n");
  const rest = lines.pop();
  const entries = lines.filter((line) => line !== "").map((line) => JSON.parse(line) as T);
  if (rest) {
    try {
      entries.push(JSON.parse(rest) as T);
    } catch {
      // Half written.
    }
  }
  return entries;
}
