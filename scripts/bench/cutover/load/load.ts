import { join } from "node:path";
import { Child, collectQuietly } from "../child";
import type { LoadCommand, LoadOrder, LoadRecords } from "./records";

/** The clients. */
export class Load {
  private readonly child = new Child(join(__dirname, "child.ts"), "the load", collectQuietly);

  constructor(order: LoadOrder) {
    this.child.tell(order);
  }

  /** Everything that ended since the last call. */
  take(): Promise<LoadRecords> {
    return this.command<LoadRecords>({ take: true });
  }

  /** Starts nothing new. Returns when every write has been acknowledged. */
  async pause(): Promise<void> {
    await this.command({ pause: true });
  }

  async go(): Promise<void> {
    await this.command({ go: true });
  }

  end(): Promise<void> {
    return this.child.end();
  }

  private command<T>(command: LoadCommand): Promise<T> {
    return this.child.ask<T>(command);
  }
}
