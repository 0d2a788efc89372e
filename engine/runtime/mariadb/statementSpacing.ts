/**
 * Spaces out statements that nobody waits for, at least `everyMs` apart, whichever server they go to. Small machines
 * get time for the wiki's own work in between, and no two servers, which may be on one machine, are asked at once.
 */
export class StatementSpacing {
  private last: Promise<unknown> = Promise.resolve();

  /** @param everyMs Between two turns, and from a request to its turn, in milliseconds. */
  constructor(private readonly everyMs: number) {}

  async turn(): Promise<void> {
    // Counted from when the previous one really ran: after a stall of the machine two would be due at once.
    const turn = this.last.then(() => new Promise((resolve) => setTimeout(resolve, this.everyMs)));
    this.last = turn;
    await turn;
  }
}
