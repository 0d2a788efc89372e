import { decode, encode, start } from "../../../../engine/control/file/log";
import { type Entry, entriesOf, fold, leaseAt, type NewEntry } from "../../../../engine/control/file/state";

const lease = { kind: "lease" as const, holder: "anna", purpose: "flip", epoch: 4, bootId: "today" };
const at = { changedAt: "2026-11-21 00:00:00.000" };
const checkpoint = { position: "", detail: {}, updatedAt: "2026-11-21 00:00:00.000" };

/** The state that these entries come to, by way of a log. */
function stateOf(entries: readonly NewEntry[]) {
  let head = start;
  const pieces = entries.map((entry, n) => {
    const { sum, bytes } = encode(head, { id: String(n), ...entry });
    head = sum;
    return bytes;
  });
  return fold(decode<Entry>(Buffer.concat(pieces), "log.1").links);
}

describe("a lease in a file", () => {
  const taken = { ...lease, fromMs: 5_000, durationMs: 8_000 };
  // The clock on the wall is no part of it: set back or forth, it changes nothing.
  test.each([
    ["lasts", "today", 5_000, 8_000],
    ["has what is left of it", "today", 12_999, 1],
    ["has ended", "today", 13_000, 0],
    ["ended long ago", "today", 913_000, -900_000],
    ["has ended with the machine's start in which it was taken", "tomorrow", 6_000, 0],
    ["has ended where the start has no name, but the machine's time is before it", "today", 4_999, 0],
  ])("%s", (_case, bootId, sinceBootMs, leftMs) => {
    expect(leaseAt(taken, { bootId, sinceBootMs: () => sinceBootMs })).toEqual({
      holder: "anna",
      purpose: "flip",
      epoch: 4,
      leftMs,
    });
  });
});

describe("the state of a store", () => {
  const entries: NewEntry[] = [
    { kind: "begin", version: 1 },
    { kind: "role", name: "files", role: "blue", epoch: 0, ...at },
    { ...lease, fromMs: 1, durationMs: 10 },
    { kind: "checkpoint", of: "copy", state: "copying", ...checkpoint },
    { kind: "journal", at: "2026-11-21T00:00:00.000Z", step: "copy", event: "begun" },
    { ...lease, fromMs: 2, durationMs: 10 },
    { kind: "checkpoint", of: "copy", state: "copied", ...checkpoint },
    { kind: "role", name: "files", role: "green", epoch: 1, ...at },
    { kind: "journal", at: "2026-11-21T00:00:01.000Z", step: "flip", event: "flipped" },
  ];

  test("is the newest of each, and all of the journal", () => {
    const state = stateOf(entries);
    expect(state.role).toMatchObject({ role: "green", epoch: 1 });
    expect(state.lease).toMatchObject({ fromMs: 2 });
    expect(state.checkpoints.get("copy")).toMatchObject({ state: "copied" });
    expect(state.journal.map(({ event }) => event)).toEqual(["begun", "flipped"]);
    expect(state).toMatchObject({ superseded: 3, ended: false });
  });

  test("is the same when the log is written anew, and nothing is superseded then", () => {
    const state = stateOf(entries);
    expect(stateOf(entriesOf(state))).toEqual({ ...state, superseded: 0 });
  });

  test("is known to go on elsewhere", () => {
    expect(stateOf([...entries, { kind: "end" }]).ended).toBe(true);
  });
});
