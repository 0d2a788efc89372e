import { StatementSpacing } from "../../../../../engine/runtime/mariadb/statementSpacing";

describe("StatementSpacing", () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  /** When the turns came, in milliseconds from now. */
  function noteTurns(turns: Promise<void>[]): number[] {
    const began = performance.now();
    const came: number[] = [];
    for (const turn of turns) void turn.then(() => came.push(performance.now() - began));
    return came;
  }

  test("requests made at the same time run one after the other", async () => {
    const spacing = new StatementSpacing(10);
    const came = noteTurns([spacing.turn(), spacing.turn(), spacing.turn()]);
    await jest.advanceTimersByTimeAsync(100);
    expect(came).toEqual([10, 20, 30]);
  });

  test("a late request waits from then on, and nobody accumulates turns", async () => {
    const spacing = new StatementSpacing(10);
    void spacing.turn();
    await jest.advanceTimersByTimeAsync(95);
    const came = noteTurns([spacing.turn(), spacing.turn()]);
    await jest.advanceTimersByTimeAsync(100);
    expect(came).toEqual([10, 20]);
  });
});
