import { count, duration, size, some } from "../../../engine/format";

test.each([
  [0, "0 ms"],
  [4.25, "4.3 ms"],
  [61.4, "61 ms"],
  [999, "999 ms"],
  [999.6, "1.0 s"],
  [4_210, "4.2 s"],
  [59_949, "59.9 s"],
  [59_990, "1 min 00 s"],
  [125_000, "2 min 05 s"],
  [3_599_400, "59 min 59 s"],
  [3_599_500, "1.0 h"],
  [9_000_000, "2.5 h"],
  [259_200_000, "3 d"],
])("%d ms read %s", (ms, text) => expect(duration(ms)).toBe(text));

test.each([
  [12, "12 B"],
  [999.4, "999 B"],
  [1_500, "1.5 kB"],
  [62_300_000, "62.3 MB"],
  [187e6, "187 MB"],
  [8.3e9, "8.3 GB"],
])("%d bytes read %s", (bytes, text) => expect(size(bytes)).toBe(text));

test("numbers have their thousands marked, and their thing in the right number", () => {
  expect([some(1, "edit"), some(0, "edit"), some(2, "entry", "entries"), count(1_234_567)]).toEqual([
    "1 edit",
    "0 edits",
    "2 entries",
    "1,234,567",
  ]);
});
