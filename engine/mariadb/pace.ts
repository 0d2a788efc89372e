/**
 * Gives turns to statements that nobody waits for, at least `everyMs` apart, to whichever server they go: small
 * machines have time for the wiki's own work in between, and no two of them, which may be one, are asked at once.
 */
export class Pace {
  private last: Promise<unknown> = Promise.resolve();

  /** @param everyMs Between two turns, and from a request to its turn, in milliseconds. */
  constructor(private readonly everyMs: number) {}

  async turn(): Promise<void> {
    // From when the one before really came: after a standstill of the machine two would be due at once.
    const turn = this.last.then(() => new Promise((resolve) => setTimeout(resolve, this.everyMs)));
    this.last = turn;
    await turn;
  }
}
