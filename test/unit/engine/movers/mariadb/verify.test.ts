import fc from "fast-check";
import type { ColumnDefinition } from "../../../../../engine/movers/mariadb/verify/definitions";
import {
  longestPiece,
  pieceQuery,
  readPiece,
  sumQuery,
} from "../../../../../engine/movers/mariadb/verify/digest";
import { describeKey, keyTextOf, literal, withKeys } from "../../../../../engine/movers/mariadb/verify/keys";
import { byContent, byKey } from "../../../../../engine/movers/mariadb/verify/locateDifferences";
import { bordersBetween } from "../../../../../engine/movers/mariadb/verify/ranges";
import { longestRowText, rowText, textBound } from "../../../../../engine/movers/mariadb/verify/rowText";
import { mostCommon } from "../../../../../engine/movers/mariadb/verify/snapshots";

function column(name: string, dataType: string, more: Partial<ColumnDefinition> = {}): ColumnDefinition {
  return {
    name,
    dataType,
    virtual: false,
    nullable: false,
    charset: undefined,
    maxBytes: 0,
    unsigned: false,
    text: dataType,
    ...more,
  };
}

const id = column("id", "int");
const title = column("a`b", "varbinary", { maxBytes: 255 });

describe("a row's text", () => {
  test("names each stored column, bytes with their length", () => {
    expect(rowText([id, title, column("sum", "int", { virtual: true })])).toBe(
      "CONCAT_WS(',',`id`,LENGTH(`a``b`),`a``b`)",
    );
  });

  test("marks NULL, takes text as it is stored, and shows a float completely", () => {
    const shown = column("shown", "varchar", { nullable: true, charset: "utf8mb4" });
    expect(rowText([shown, column("weight", "float", { nullable: true })])).toBe(
      "CONCAT_WS(',',IFNULL(LENGTH(`shown`),'N'),CAST(`shown` AS BINARY),IFNULL(CAST(`weight` AS DOUBLE),'N'))",
    );
  });

  test("replaces a long value with its hash, so that it stays short itself", () => {
    const body = column("body", "longblob", { maxBytes: 4_294_967_295 });
    expect(rowText([body])).toBe("CONCAT_WS(',',LENGTH(`body`),IF(LENGTH(`body`)>4096,SHA1(`body`),`body`))");
    expect(longestRowText([id, title, body])).toBeLessThan(100_000);
  });
});

describe("a piece", () => {
  test("is read in the key's order, and by its index", () => {
    const query = pieceQuery("`d`.`t`", [id], "PRIMARY", "`id`>=5");
    expect(query).toMatch(
      /^SELECT COUNT\(\*\) AS n, .* FROM `d`\.`t` FORCE INDEX \(`PRIMARY`\) WHERE `id`>=5$/,
    );
    expect(sumQuery("`d`.`t`", [id])).toContain("FROM `d`.`t` WHERE 1");
  });

  test("that may have been truncated has no hash", () => {
    expect(readPiece([id], { n: "3", h: "ab", l: "0" })).toEqual({ rows: "3", hash: "ab" });
    expect(readPiece([id], { n: 0, h: null, l: null })).toEqual({ rows: "0", hash: "" });
    expect(readPiece([id], { n: 3, h: "ab", l: longestPiece })).toBeUndefined();
    expect(readPiece([id], { n: longestPiece / 50, h: "ab", l: 0 })).toBeUndefined();
  });

  test("has its rows' long values measured, and only those", () => {
    expect(textBound([id, title]).sum).toBeUndefined();
    const body = column("body", "longblob", { maxBytes: 4_294_967_295 });
    const wide = column("wide", "varbinary", { maxBytes: 10_000 });
    expect(textBound([id, body, wide]).sum).toBe(
      "SUM(LEAST(IFNULL(LENGTH(`body`),0),4096)+IFNULL(LENGTH(`wide`),0))",
    );
  });
});

describe("ranges", () => {
  test("leave no number out and have none twice", () => {
    expect(bordersBetween(1n, 10n, 3)).toEqual([4n, 7n]);
    expect(bordersBetween(5n, 5n, 4)).toEqual([]);
    fc.assert(
      fc.property(
        fc.bigInt(-(2n ** 63n), 2n ** 63n),
        fc.bigInt(0n, 2n ** 40n),
        fc.integer({ min: 1, max: 50 }),
        (low, span, pieces) => {
          const borders = bordersBetween(low, low + span, pieces);
          expect(borders.length).toBeLessThan(pieces);
          const all = [low, ...borders, low + span + 1n];
          for (let n = 1; n < all.length; n++) expect((all[n] as bigint) > (all[n - 1] as bigint)).toBe(true);
        },
      ),
    );
  });
});

describe("keys", () => {
  const name = column("name", "varchar", { charset: "utf8mb4" });

  test("are read and looked up without any value of theirs becoming SQL", () => {
    expect(keyTextOf([id, title])).toBe("CONCAT_WS(',',`id`,HEX(`a``b`))");
    expect(withKeys([id], ["1", "-2"])).toBe("`id` IN (1,-2)");
    expect(withKeys([id, title], ["1,4142", "2,"])).toBe(
      "(`id`=1 AND `a``b`=X'4142') OR (`id`=2 AND `a``b`=X'')",
    );
    expect(literal(name, "41")).toBe("_utf8mb4 X'41'");
    expect(literal(column("at", "datetime"), "2024-01-01 00:00:00.5")).toBe("'2024-01-01 00:00:00.5'");
    for (const [kind, text] of [
      [id, "1 OR 1"],
      [title, "zz"],
      [name, "'"],
      [column("at", "datetime"), "' OR '"],
    ] as const)
      expect(() => literal(kind, text)).toThrow("no value of a key column");
  });

  test("are shown as text where they are text", () => {
    expect(describeKey([id, title], `7,${Buffer.from("Main_Page").toString("hex").toUpperCase()}`)).toBe(
      "id 7, a`b Main_Page",
    );
    expect(describeKey([title], "00FF")).toBe("a`b 0x00FF");
  });
});

describe("rows that differ", () => {
  test("with a key are missing, extra, or different", () => {
    const there = [row("1", "a"), row("2", "b"), row("3", "c")];
    const here = [row("2", "b"), row("3", "x"), row("4", "d")];
    expect(byKey(there, here).map(({ key, how }) => [key, how])).toEqual([
      ["1", "missing"],
      ["3", "other values"],
      ["4", "too many"],
    ]);
  });

  test("without a key are counted", () => {
    expect(byContent([row("a", "a", 2), row("b", "b")], [row("a", "a"), row("c", "c")])).toEqual([
      { key: "a", row: "a", how: "missing", surplus: -1 },
      { key: "b", row: "b", how: "missing", surplus: -1 },
      { key: "c", row: "c", how: "too many", surplus: 1 },
    ]);
  });

  function row(k: string, h: string, n = 1) {
    return { k, h, n };
  }
});

test("of several snapshots those at one position are kept", () => {
  const at = (position: number) => ({ file: "a", position });
  expect(mostCommon([at(1), at(2), at(2)])).toEqual({ place: at(2), members: [1, 2] });
  expect(mostCommon([])).toEqual({ members: [] });
});
