import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A directory for a file store, which does not exist yet, inside one of the test's own. */
export class StoreDirectory {
  readonly above = mkdtempSync(join(tmpdir(), "wikiferry-store-"));
  readonly path = join(this.above, "control");

  /** The log that counts. */
  get newest(): string {
    const numbers = readdirSync(this.path).flatMap((name) => /^log\.(\d+)$/.exec(name)?.[1] ?? []);
    return join(this.path, `log.${Math.max(...numbers.map(Number))}`);
  }

  get generation(): number {
    return Number(/\d+$/.exec(this.newest)?.[0]);
  }

  remove(): void {
    rmSync(this.above, { recursive: true });
  }
}
