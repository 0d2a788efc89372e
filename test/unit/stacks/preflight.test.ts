import { ladderFor } from "../../../stacks/common/phase";
import { endOfTheWayBack, outlook } from "../../../stacks/mediawiki/preflight";

test("a preview of retire says that it ends the way back, what confirmed it, and how to keep it", () => {
  const text = endOfTheWayBack({ name: "mywiki", retire: { confirm: "mywiki" } });
  expect(text).toMatch(/^phase retire ends the way back of mywiki: nothing follows any more/);
  expect(text).toContain("confirmed by retire.confirm = mywiki");
  expect(text).toContain("set phase to switch");
});

test("retire is refused in preview until it is confirmed by name, and the refusal names the command", () => {
  const retire = { phase: "retire", active: "green", canary: 0 } as const;
  expect(() => ladderFor(retire, "mywiki", "")).toThrow(
    'CONFIG_COMBINATION: phase retire ends the way back, and retire.confirm is "". To continue: pulumi config set --path retire.confirm mywiki',
  );
  expect(ladderFor(retire, "mywiki", "mywiki").archived).toBe(true);
});

test("what there is to copy and how long writes will pause are told before, each by its parts", () => {
  const config = { cutover: { lagStableMs: 30_000, maxLagMs: 100, lagWaitMs: 300_000 } };
  const copy = {
    ms: 2_000,
    terms: [
      { name: "start", ms: 600 },
      { name: "tables", ms: 1_400 },
    ],
  };
  const toCopy = { rows: 1_234, bytes: 5_000_000, copyMs: 2_000, copy, catchUp: undefined, measured: {} };
  const pause = {
    ms: 105,
    terms: [
      { name: "fence the primary", ms: 5 },
      { name: "commit", ms: 100 },
    ],
  };
  expect(outlook({ toCopy, pause }, config)).toEqual([
    "to copy: about 1,234 rows, 5.0 MB, in about 2.0 s (start 600 ms, tables 1.4 s)",
    "to catch up after it: blue gets changes faster than green is expected to apply them",
    "expected write pause of a flip: about 105 ms (fence the primary 5 ms, commit 100 ms), after 30 s of small lag",
  ]);
  expect(outlook({ toCopy: undefined, pause }, config)).toHaveLength(1);
});
