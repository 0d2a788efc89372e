import { block, pass, warn } from "../../../engine/finding";
import { ladderFor } from "../../../stacks/common/phase";
import {
  endOfTheWayBack,
  outlook,
  refusal,
  report,
  sortFindings,
} from "../../../stacks/mediawiki/preflightText";

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

const findings = [
  pass("DB_MISSING", "wikidb holds a wiki"),
  warn("APP_JOB_RUN_RATE", "blue runs jobs within page views", "Set $wgJobRunRate = 0"),
  pass("FILES_RSYNC", "rsync is installed"),
  block("APP_SECRET_KEY", "$wgSecretKey in the config is not blue's", "Set wiki.secretKey"),
  block("APP_SECRET_KEY", "$wgSecretKey in the config is not blue's", "Set wiki.secretKey"),
  pass("FILES_OWNER", "uploads belong to 33:33"),
];

test("a refused preview names first what blocks, then what is worth knowing, then how many checks passed, each once", () => {
  expect(refusal(sortFindings(findings)).split("\n")).toEqual([
    "block APP_SECRET_KEY: $wgSecretKey in the config is not blue's. Set wiki.secretKey",
    "warn APP_JOB_RUN_RATE: blue runs jobs within page views. Set $wgJobRunRate = 0",
    "3 checks passed (`npm run preflight -- --all` lists them)",
  ]);
});

test("`npm run preflight` prints the same order with what there is to do; --all lists what passed", () => {
  const [first, second, ...rest] = report(findings, ["to copy: 3 rows"], false).split("\n");
  expect([first?.split(":")[0], second?.split(":")[0]]).toEqual([
    "block APP_SECRET_KEY",
    "warn APP_JOB_RUN_RATE",
  ]);
  expect(rest).toEqual(["to copy: 3 rows", "3 checks passed (`npm run preflight -- --all` lists them)"]);
  expect(report(findings, [], true).split("\n").slice(2)).toEqual([
    "3 checks passed:",
    "  pass DB_MISSING: wikidb holds a wiki.",
    "  pass FILES_RSYNC: rsync is installed.",
    "  pass FILES_OWNER: uploads belong to 33:33.",
  ]);
});
