/**
 * Gives turns to statements that nobody waits for, at least `everyMs` apart, to whichever server they go: small
 * machines have time for the wiki's own work in between, and no two of them, which may be one, are asked at once.
 */
export class Pace {
  private lastAt = Number.NEGATIVE_INFINITY;

  /** @param everyMs Between two turns, and from a request to its turn, in milliseconds. */
  constructor(private readonly everyMs: number) {}

  async turn(): Promise<void> {
    const now = performance.now();
    this.lastAt = Math.max(now, this.lastAt) + this.everyMs;
    await new Promise((resolve) => setTimeout(resolve, this.lastAt - now));
  }
}
