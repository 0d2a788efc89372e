import fc from "fast-check";
import { WikiferryError } from "../../../engine/errors";
import { ladderFor, nextSteps, type Phase, phases } from "../../../stacks/common/phase";

type Row = [phase: Phase, active: "blue" | "green", canary: number, confirm: string, outcome: string];

/** Every combination of phase and active, with canary off and on, and the confirmation given or not. */
const table: Row[] = [
  ["prepare", "blue", 0, "", "environment"],
  ["prepare", "blue", 10, "", "canary is 10 in phase prepare"],
  ["prepare", "green", 0, "", "active is green in phase prepare"],
  ["prepare", "green", 10, "", "active is green in phase prepare"],
  ["sync", "blue", 0, "", "environment synced following"],
  ["sync", "blue", 10, "", "canary is 10 in phase sync"],
  ["sync", "green", 0, "", "active is green in phase sync"],
  ["sync", "green", 10, "", "active is green in phase sync"],
  ["switch", "blue", 0, "", "environment synced gate following"],
  ["switch", "blue", 10, "", "environment synced gate following"],
  ["switch", "green", 0, "", "environment synced gate following"],
  ["switch", "green", 10, "", "environment synced gate following"],
  ["retire", "blue", 0, "", "phase is retire while active is blue"],
  ["retire", "blue", 0, "mywiki", "phase is retire while active is blue"],
  ["retire", "blue", 10, "mywiki", "canary is 10 in phase retire"],
  ["retire", "green", 0, "", 'retire.confirm is ""'],
  ["retire", "green", 0, "another", 'retire.confirm is "another"'],
  ["retire", "green", 0, "mywiki", "environment synced gate archived"],
  ["retire", "green", 10, "mywiki", "canary is 10 in phase retire"],
];

test.each(table)(
  "%s, active %s, canary %d, confirmed with %j: %s",
  (phase, active, canary, confirm, outcome) => {
    const wanted = { phase, active, canary };
    if (!outcome.startsWith("environment")) {
      expect(() => ladderFor(wanted, "mywiki", confirm)).toThrow(WikiferryError);
      expect(() => ladderFor(wanted, "mywiki", confirm)).toThrow(outcome);
      return;
    }
    const ladder = ladderFor(wanted, "mywiki", confirm);
    const on = (["environment", "synced", "gate", "following", "archived"] as const).filter(
      (rung) => ladder[rung],
    );
    expect(on.join(" ")).toBe(outcome);
    expect(ladder).toMatchObject({ active, canary });
  },
);

const anyWanted = fc.record({
  phase: fc.constantFrom(...phases),
  active: fc.constantFrom("blue" as const, "green" as const),
  canary: fc.integer({ min: 0, max: 100 }),
});

function legal(wanted: { phase: Phase; active: "blue" | "green"; canary: number }): boolean {
  try {
    ladderFor(wanted, "mywiki", "mywiki");
    return true;
  } catch {
    return false;
  }
}

test("edits go to green only where the gate is the entrance and green was copied", () => {
  fc.assert(
    fc.property(anyWanted, (wanted) => {
      fc.pre(legal(wanted));
      const ladder = ladderFor(wanted, "mywiki", "mywiki");
      if (ladder.active === "green") expect([ladder.gate, ladder.synced]).toEqual([true, true]);
      if (ladder.gate) expect(ladder.synced).toBe(true);
      if (ladder.following) expect(ladder.archived).toBe(false);
    }),
  );
});

test("each step that is offered from a legal state leads to a legal state", () => {
  fc.assert(
    fc.property(anyWanted, (wanted) => {
      fc.pre(legal(wanted));
      for (const { command } of nextSteps(wanted, "mywiki")) {
        const changes = [...command.matchAll(/config set (phase|active|canary) (\S+)/g)];
        const next = { ...wanted };
        for (const [, key, value] of changes)
          Object.assign(next, { [key as string]: key === "canary" ? Number(value) : value });
        if (next.phase !== "switch") next.canary = 0;
        expect(legal(next)).toBe(true);
      }
    }),
  );
});

test("only retire has no way on", () => {
  const dead = phases.filter(
    (phase) =>
      nextSteps({ phase, active: phase === "retire" ? "green" : "blue", canary: 0 }, "w").length === 0,
  );
  expect(dead).toEqual(["retire"]);
});
