import fc from "fast-check";
import { lagging } from "../../../../../engine/movers/mariadb/cutover/autoIncrement";
import { Deadline } from "../../../../../engine/movers/mariadb/cutover/deadline";
import {
  describe as inWords,
  recoveryPlan,
  type Standing,
} from "../../../../../engine/movers/mariadb/cutover/recoveryPlan";
import { common, surplus } from "../../../../../engine/movers/mariadb/verify/nonTransactionalTable";

describe("what separates the present state from a settled one", () => {
  const primary: Standing = {
    readOnly: false,
    locked: false,
    hasSource: false,
    follows: false,
    positions: { binlog: "0-1-9", applied: "0-2-3" },
  };
  const replica: Standing = {
    readOnly: true,
    locked: false,
    hasSource: true,
    follows: true,
    positions: { binlog: "0-1-9", applied: "0-1-9" },
  };

  test("nothing, if all holds", () => expect(recoveryPlan(primary, replica)).toEqual([]));

  test("killed under the fence: the old side opens again", () => {
    expect(recoveryPlan({ ...primary, readOnly: true, locked: true }, replica)).toEqual([
      "admit the wiki",
      "open the active side",
    ]);
  });

  test("killed in the ring before the commit: the old side opens and leaves the ring", () => {
    expect(recoveryPlan({ ...primary, readOnly: true, hasSource: true, follows: true }, replica)).toEqual([
      "open the active side",
      "see a write arrive",
      "stop following",
    ]);
  });

  test("killed after the commit: the new side applies it first, then opens", () => {
    const behind = { ...replica, positions: { binlog: "0-1-9", applied: "0-1-9" } };
    const old = { ...replica, locked: true, positions: { binlog: "0-1-10", applied: "0-2-3" } };
    expect(recoveryPlan(behind, old)).toEqual([
      "apply the rest",
      "open the active side",
      "see a write arrive",
      "stop following",
      "admit readers to the passive side",
    ]);
  });

  test("opened by hand: the passive side is closed before anything else", () => {
    expect(recoveryPlan({ ...primary, readOnly: true }, { ...replica, readOnly: false })[0]).toBe(
      "close the passive side",
    );
  });

  test("without an answer from the other side, only this one is opened, and keeps its source", () => {
    expect(recoveryPlan({ ...primary, readOnly: true, hasSource: true }, undefined)).toEqual([
      "open the active side",
    ]);
  });

  test("the active side never opens while the other is open, nor before it has applied the rest", () => {
    const standing = fc.record({
      readOnly: fc.boolean(),
      locked: fc.boolean(),
      hasSource: fc.boolean(),
      follows: fc.boolean(),
      positions: fc.record({
        binlog: fc.integer({ min: 1, max: 9 }).map((n) => `0-1-${n}`),
        applied: fc.integer({ min: 1, max: 9 }).map((n) => `0-1-${n}`),
      }),
    });
    fc.assert(
      fc.property(standing, fc.option(standing, { nil: undefined }), (active, passive) => {
        const plan = recoveryPlan(active, passive);
        const opening = plan.indexOf("open the active side");
        expect(opening >= 0).toBe(active.readOnly);
        if (passive && !passive.readOnly) expect(plan[0]).toBe("close the passive side");
        if (plan.includes("apply the rest")) expect(plan.indexOf("apply the rest")).toBeLessThan(opening);
        expect(new Set(plan).size).toBe(plan.length);
      }),
    );
  });

  test("in words", () => expect(inWords("follow the active side", "green", "blue")).toBe("follow green"));
});

test("a deadline ends what takes longer, and names it", async () => {
  const deadline = new Deadline(30);
  await expect(deadline.bound("a quick step", Promise.resolve(7))).resolves.toBe(7);
  await expect(deadline.bound("the fence", new Promise(() => {}))).rejects.toThrow(
    /CUTOVER_TIMEOUT: .* 30 ms; it was at: the fence/,
  );
  expect(deadline.leftMs()).toBe(1);
});

test("next numbers are compared table by table", () => {
  const ahead = new Map([
    ["page", 9n],
    ["revision", 4n],
    ["new", 2n],
  ]);
  const behind = new Map([
    ["page", 9n],
    ["revision", 3n],
  ]);
  expect([...lagging(ahead, behind)]).toEqual([
    ["revision", 4n],
    ["new", 2n],
  ]);
});

describe("a table that no snapshot can freeze", () => {
  test("a row in transit is missing in one look only", () => {
    const first = surplus(
      new Map([
        ["a", 1],
        ["b", 1],
      ]),
      new Map([["a", 1]]),
    );
    const second = surplus(
      new Map([
        ["a", 1],
        ["b", 1],
        ["c", 1],
      ]),
      new Map([
        ["a", 1],
        ["b", 1],
      ]),
    );
    expect([...first]).toEqual([["b", 1]]);
    expect(common(first, second).size).toBe(0);
  });

  test("a missing row and a doubled one differ in every look", () => {
    const look = () =>
      surplus(
        new Map([
          ["a", 1],
          ["b", 1],
        ]),
        new Map([["a", 2]]),
      );
    expect([...common(look(), look())].sort()).toEqual([
      ["a", -1],
      ["b", 1],
    ]);
  });
});
