import fc from "fast-check";
import {
  contains,
  distance,
  errant,
  formatGtid,
  newest,
  parseGtid,
  samePosition,
} from "../../../../../engine/movers/mariadb/replication/gtid";

const gtid = fc.record({
  domain: fc.integer({ min: 0, max: 3 }),
  server: fc.integer({ min: 1, max: 4_294_967_295 }),
  sequence: fc.bigInt({ min: 0n, max: 0xffffffffffffffffn }),
});
const position = fc
  .uniqueArray(gtid, { selector: ({ domain }) => domain })
  .map((gtids) => formatGtid(new Map(gtids.map((one) => [one.domain, one]))));

describe("GTID positions", () => {
  test("what was written reads as the same, in canonical order", () => {
    expect(formatGtid(parseGtid(" 1-2-30, 0-1-18446744073709551615\n"))).toBe(
      "0-1-18446744073709551615,1-2-30",
    );
    expect(formatGtid(parseGtid(""))).toBe("");
    fc.assert(fc.property(position, (text) => formatGtid(parseGtid(text)) === text));
  });

  test.each([
    "0-1",
    "0-1-2-3",
    "0-1-x",
    "0-1--2",
    "0-1-2,0-2-3",
    "0-1-2,",
    "4294967296-1-1",
    "0-1-18446744073709551616",
  ])("%j is refused", (text) => {
    expect(() => parseGtid(text)).toThrow(RangeError);
  });

  test("containing is an order: every position contains itself and the empty one, and the newer of two contains both", () => {
    fc.assert(
      fc.property(position, position, (a, b) => {
        const both = newest(a, b);
        expect(contains(a, a)).toBe(true);
        expect(contains(a, "")).toBe(true);
        expect(contains(both, a) && contains(both, b)).toBe(true);
        expect(contains(a, b)).toBe(distance(a, b) === 0n);
        if (contains(a, b) && contains(b, a)) expect(distance(b, a)).toBe(0n);
      }),
    );
  });

  test("sequences are compared as whole numbers, beyond what a double holds", () => {
    expect(contains("0-1-9007199254740993", "0-1-9007199254740992")).toBe(true);
    expect(contains("0-1-9007199254740992", "0-1-9007199254740993")).toBe(false);
    expect(distance("0-1-9007199254740992", "0-1-9007199254740993")).toBe(1n);
    expect(contains("0-1-9", "0-1-10")).toBe(false);
  });

  test("an errant transaction is one that the source lacks, or has from another server", () => {
    expect(errant("0-1-10", "0-1-9")).toBeUndefined();
    expect(errant("0-1-10", "0-2-10")).toBe("0-2-10");
    expect(errant("0-1-10", "0-2-11")).toBe("0-2-11");
    expect(errant("0-1-10", "0-1-10,5-2-1")).toBe("5-2-1");
    expect(errant("0-1-10", "")).toBeUndefined();
  });

  test("equal positions have equal texts, apart from order and white space", () => {
    expect(samePosition("0-1-2,1-1-1", "1-1-1, 0-1-2")).toBe(true);
    expect(samePosition("0-1-2", "0-2-2")).toBe(false);
  });
});
