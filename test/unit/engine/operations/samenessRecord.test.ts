import { judgeSameness } from "../../../../engine/operations/samenessRecord";

const record = (shapes: string[], differing = shapes.length) => ({
  asked: 480,
  shapes: 90,
  same: 480 - differing,
  differing,
  different: shapes.map((shape) => ({ shape, example: "", what: "status: 404 instead of 200" })),
  ageMs: 120_000,
});
const strict = { maxDifferent: 0, ignore: {} };
const day = 86_400_000;

test("a flip needs a comparison that is recent and without a difference", () => {
  expect(judgeSameness(undefined, strict, day)).toMatchObject({ code: "COMPARE_MISSING", severity: "block" });
  expect(judgeSameness(record([]), strict, 60_000)).toMatchObject({
    code: "COMPARE_STALE",
    severity: "block",
  });
  expect(judgeSameness(record([]), strict, day)).toMatchObject({
    code: "COMPARE_DIFFERENT",
    severity: "pass",
    found: "green answered as blue did 2 min ago, at 480 addresses of 90 shapes",
  });
  expect(judgeSameness(record(["/wiki/*", "/b", "/c", "/d"]), strict, day)).toMatchObject({
    severity: "block",
    found:
      "green answers differently than blue in 4 shapes and settings, asked for 480 addresses of 90 shapes: /wiki/* (status: 404 instead of 200); /b (status: 404 instead of 200); /c (status: 404 instead of 200); and 1 more",
  });
});

test("what the owner accepts after the comparison counts without another one", () => {
  const two = record(["/wiki/*", "setting: PHP's memory_limit"]);
  const severity = (maxDifferent: number, ignore: Record<string, string>) =>
    judgeSameness(two, { maxDifferent, ignore }, day).severity;
  expect(severity(1, {})).toBe("block");
  expect(severity(2, {})).toBe("pass");
  expect(severity(1, { "/wiki/*": "a new skin" })).toBe("pass");
  expect(severity(0, { "/wiki/*": "a new skin", "setting: PHP**": "more memory" })).toBe("pass");
  // Beyond those that a record names.
  expect(judgeSameness(record(["/a"], 150), { maxDifferent: 0, ignore: { "/a": "x" } }, day).severity).toBe(
    "block",
  );
});
