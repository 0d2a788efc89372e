import { Pace } from "../../../../../engine/runtime/mariadb/pace";

describe("Pace", () => {
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
    const pace = new Pace(10);
    const came = noteTurns([pace.turn(), pace.turn(), pace.turn()]);
    await jest.advanceTimersByTimeAsync(100);
    expect(came).toEqual([10, 20, 30]);
  });

  test("a late request waits from then on, and nobody accumulates turns", async () => {
    const pace = new Pace(10);
    void pace.turn();
    await jest.advanceTimersByTimeAsync(95);
    const came = noteTurns([pace.turn(), pace.turn()]);
    await jest.advanceTimersByTimeAsync(100);
    expect(came).toEqual([10, 20]);
  });
});
