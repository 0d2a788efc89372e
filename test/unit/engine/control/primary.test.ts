import fc from "fast-check";
import {
  judgeRoles,
  likelyPrimary,
  primaryOf,
  type RoleClaim,
  type Verdict,
} from "../../../../engine/control/primary";
import type { Side } from "../../../../engine/move";

type View = RoleClaim | undefined | Error;

const blue = (epoch: number): RoleClaim => ({ role: "blue", epoch });
const green = (epoch: number): RoleClaim => ({ role: "green", epoch });
const away = new Error("DB_UNREACHABLE: no answer");

/** A verdict in a few words: its kind, and the side with the epoch of the record that says so. */
function inWords(verdict: Verdict): string {
  if (verdict.kind === "known" || verdict.kind === "likely")
    return `${verdict.kind} ${verdict.side} ${verdict.record.epoch}`;
  return verdict.kind;
}

describe("who is primary", () => {
  // Every pair of answers, what follows from it, and what `primaryOf` says.
  test.each<[string, View, View, string, Side | "refused" | "no answer" | "no record"]>([
    ["both name blue", blue(4), blue(4), "known blue 4", "blue"],
    ["both name green", green(5), green(5), "known green 5", "green"],
    ["blue names itself, green knows an older flip", blue(6), blue(4), "known blue 6", "blue"],
    ["green names itself, blue knows an older flip", green(3), green(5), "known green 5", "green"],
    ["blue committed, green has not applied it", green(5), blue(4), "known green 5", "green"],
    ["green committed, blue has not applied it", green(5), blue(6), "known blue 6", "blue"],
    ["blue names itself, green is away", blue(4), away, "known blue 4", "blue"],
    ["green names itself, blue is away", away, green(5), "known green 5", "green"],
    ["blue names green, which is away", green(5), away, "likely green 5", "no answer"],
    ["green names blue, which is away", away, blue(4), "likely blue 4", "no answer"],
    ["before green has a record", blue(0), undefined, "known blue 0", "blue"],
    ["after blue was cleaned, green names itself", undefined, green(5), "known green 5", "green"],
    ["after blue was cleaned, green names blue", undefined, blue(0), "known blue 0", "blue"],
    ["blue names a green without a record", green(5), undefined, "known green 5", "green"],
    ["no side has a record", undefined, undefined, "none", "no record"],
    ["blue has no record, green is away", undefined, away, "unknown", "no answer"],
    ["green has no record, blue is away", away, undefined, "unknown", "no answer"],
    ["both are away", away, away, "unknown", "no answer"],
    ["both name themselves, green at the higher epoch", blue(2), green(3), "contested", "refused"],
    ["both name themselves, blue at the higher epoch", blue(7), green(3), "contested", "refused"],
    ["both name themselves at one epoch", blue(1), green(1), "contested", "refused"],
    ["each names the other at one epoch", green(4), blue(4), "contested", "refused"],
  ])("%s", (_case, blueSays, greenSays, verdict, primary) => {
    const views = { blue: blueSays, green: greenSays };
    expect(inWords(judgeRoles(views))).toBe(verdict);
    const certain = () => primaryOf(views).side;
    const likely = () => likelyPrimary(views)?.side;
    switch (primary) {
      case "refused":
        expect(certain).toThrow("CTRL_TWO_PRIMARIES");
        expect(likely).toThrow("CTRL_TWO_PRIMARIES");
        return;
      case "no answer":
        expect(certain).toThrow(away);
        expect(likely()).toBe(/^likely (\w+)/.exec(verdict)?.[1]);
        return;
      case "no record":
        expect(certain).toThrow("CTRL_NO_ROLE");
        expect(likely()).toBeUndefined();
        return;
      default:
        expect(certain()).toBe(primary);
        expect(likely()).toBe(primary);
    }
  });

  test("a refusal says what each record says, and what to do", () => {
    expect(() => primaryOf({ blue: blue(2), green: green(3) })).toThrow(
      /CTRL_TWO_PRIMARIES: blue's record names blue \(epoch 2\), green's record names green \(epoch 3\)\. .*correct wikiferry\.role/,
    );
  });

  test("neither side is preferred: with the colours swapped the answer is swapped", () => {
    const view = fc.oneof(
      fc.constant(undefined),
      fc.constant(away),
      fc.record({ role: fc.constantFrom<Side>("blue", "green"), epoch: fc.nat(3) }),
    );
    const swap = (text: string) => text.replace(/blue|green/, (side) => (side === "blue" ? "green" : "blue"));
    const swapped = (found: View): View =>
      found === undefined || found instanceof Error
        ? found
        : { role: found.role === "blue" ? "green" : "blue", epoch: found.epoch };
    fc.assert(
      fc.property(view, view, (a, b) => {
        const straight = inWords(judgeRoles({ blue: a, green: b }));
        expect(inWords(judgeRoles({ blue: swapped(b), green: swapped(a) }))).toBe(swap(straight));
      }),
    );
  });
});
