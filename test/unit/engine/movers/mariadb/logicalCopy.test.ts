import fc from "fast-check";
import {
  type Column,
  literal,
  readExpression,
  writeExpression,
} from "../../../../../engine/movers/mariadb/copy/logical/columns";
import { fileName } from "../../../../../engine/movers/mariadb/copy/logical/definitions";
import {
  DefinitionsChanged,
  mayPass,
  named,
  understood,
} from "../../../../../engine/movers/mariadb/copy/logical/failures";
import { asleep } from "../../../../../engine/movers/mariadb/copy/logical/objects";
import { progressLine } from "../../../../../engine/movers/mariadb/copy/logical/progress";
import {
  boundsBetween,
  evenCuts,
  rangeCondition,
  stretchCondition,
} from "../../../../../engine/movers/mariadb/copy/logical/ranges";
import {
  firstDefinition,
  staged,
  withoutNumbering,
} from "../../../../../engine/movers/mariadb/copy/logical/tables";
import { Throttle } from "../../../../../engine/movers/mariadb/copy/logical/throttle";
import {
  commandPackets,
  LinkError,
  readLength,
  ServerError,
} from "../../../../../engine/movers/mariadb/copy/logical/wire/packets";
import { planOf, repetitions } from "../../../../../scripts/faults/copy/run";

const column = (name: string, dataType: string, charset?: string): Column => ({
  name,
  dataType,
  charset,
  nullable: false,
  generated: false,
});

describe("a range of a table", () => {
  const id = column("id", "int");
  const title = column("ti`tle", "varchar", "utf8mb4");

  test("is bounded by the key's first column, and continues after the last row by all of them", () => {
    expect(rangeCondition([id], {})).toBe("");
    expect(rangeCondition([id], { from: "5", to: "9" })).toBe("WHERE `id` >= 5 AND `id` < 9");
    expect(rangeCondition([id, title], { from: "5", to: "9" }, [Buffer.from("7"), Buffer.from("a'")])).toBe(
      "WHERE (`id` > 7 OR `id` = 7 AND `ti``tle` > _utf8mb4 x'6127') AND `id` < 9",
    );
  });

  test("a range is what comes after a key, up to another", () => {
    expect(stretchCondition([id])).toBe("1");
    expect(stretchCondition([id], [Buffer.from("1")], [Buffer.from("3")])).toBe(
      "(`id` > 1) AND NOT (`id` > 3)",
    );
  });

  test("boundaries lie within, in order, and each number is in one part", () => {
    fc.assert(
      fc.property(
        fc.bigInt(-1000n, 1000n),
        fc.bigInt(0n, 5000n),
        fc.integer({ min: 1, max: 20 }),
        (low, more, parts) => {
          const cuts = evenCuts(low, low + more, parts);
          expect(cuts.length).toBeLessThan(parts);
          expect([...new Set(cuts)].sort((a, b) => (a < b ? -1 : 1))).toEqual(cuts);
          for (const cut of cuts) expect(cut > low && cut <= low + more).toBe(true);
        },
      ),
    );
    expect(boundsBetween(["3", "8"])).toEqual([{ to: "3" }, { from: "3", to: "8" }, { from: "8" }]);
    expect(boundsBetween([])).toEqual([{}]);
  });
});

describe("a value", () => {
  test("is a literal that no byte of it can leave", () => {
    expect(literal(column("a", "bigint"), Buffer.from("-5"))).toBe("-5");
    expect(literal(column("a", "datetime"), Buffer.from("0000-00-00 00:00:00"))).toBe(
      "'0000-00-00 00:00:00'",
    );
    expect(literal(column("a", "varbinary"), Buffer.from("'\\"))).toBe("x'275c'");
    expect(literal(column("a", "char", "latin1"), Buffer.alloc(0))).toBe("_latin1 ''");
  });

  test("whose text loses precision is read and written differently", () => {
    expect(readExpression(column("f", "float"))).toBe("CAST(`f` AS DOUBLE)");
    expect(readExpression(column("e", "enum"))).toBe("CAST(`e` AS UNSIGNED)");
    expect(writeExpression(column("e", "set"))).toBe("CAST(? AS UNSIGNED)");
    expect(writeExpression(column("i", "inet6"))).toBe("CONVERT(? USING latin1)");
    expect(writeExpression(column("b", "blob"))).toBe("?");
  });
});

describe("a table's definition", () => {
  const create = [
    "CREATE TABLE `t` (",
    "  `id` int(11) NOT NULL,",
    "  `n` int(11) NOT NULL AUTO_INCREMENT COMMENT 'KEY `x` (`y`), no key',",
    "  `body` text DEFAULT NULL,",
    "  PRIMARY KEY (`id`),",
    "  UNIQUE KEY `u` (`body`(20)),",
    "  KEY `n` (`n`,`id`),",
    "  KEY `o``k` (`n`),",
    "  FULLTEXT KEY `f` (`body`),",
    "  CONSTRAINT `kin` FOREIGN KEY (`n`) REFERENCES `p` (`id`),",
    "  CONSTRAINT `fine` CHECK (`n` > 0)",
    ") ENGINE=InnoDB AUTO_INCREMENT=7 DEFAULT CHARSET=utf8mb4 COMMENT=' AUTO_INCREMENT=3'",
    " PARTITION BY HASH (`id`)",
  ].join("\n");

  test("keeps what rows need, and the rest is added after them", () => {
    const { create: first, indexes, fulltext, foreignKeys } = staged(create, "PRIMARY");
    expect(first.split("\n").slice(1)).toEqual([
      "  `id` int(11) NOT NULL,",
      "  `n` int(11) NOT NULL AUTO_INCREMENT COMMENT 'KEY `x` (`y`), no key',",
      "  `body` text DEFAULT NULL,",
      "  PRIMARY KEY (`id`),",
      "  KEY `n` (`n`,`id`),",
      "  CONSTRAINT `fine` CHECK (`n` > 0)",
      ") ENGINE=InnoDB AUTO_INCREMENT=7 DEFAULT CHARSET=utf8mb4 COMMENT=' AUTO_INCREMENT=3'",
      " PARTITION BY HASH (`id`)",
    ]);
    expect(indexes).toEqual(["UNIQUE KEY `u` (`body`(20))", "KEY `o``k` (`n`)"]);
    expect(fulltext).toEqual(["FULLTEXT KEY `f` (`body`)"]);
    expect(foreignKeys).toEqual(["CONSTRAINT `kin` FOREIGN KEY (`n`) REFERENCES `p` (`id`)"]);
    expect(staged(create, "u").create).toContain("UNIQUE KEY `u`");
  });

  test("of a small table has its indexes from the beginning, except those that rows could violate meanwhile", () => {
    const keysOf = (bytes: number) =>
      firstDefinition({ create, keyName: "PRIMARY", bytes })
        .split("\n")
        .filter((line) => /^ +[A-Z ]*KEY |FOREIGN/.test(line));
    expect(keysOf(1_000)).toEqual(["  PRIMARY KEY (`id`),", "  KEY `n` (`n`,`id`),", "  KEY `o``k` (`n`),"]);
    expect(keysOf(10_000_000)).toEqual(["  PRIMARY KEY (`id`),", "  KEY `n` (`n`,`id`),"]);
  });

  test("is the same whatever the next number is", () => {
    expect(withoutNumbering(create)).toBe(create.replace(" AUTO_INCREMENT=7", ""));
  });

  test("an event's is disabled from the start, whatever its comment says", () => {
    expect(
      asleep(
        "CREATE EVENT `e` ON SCHEDULE EVERY 1 DAY ON COMPLETION NOT PRESERVE ENABLE COMMENT 'ENABLE' DO SELECT 1",
      ),
    ).toBe(
      "CREATE EVENT `e` ON SCHEDULE EVERY 1 DAY ON COMPLETION NOT PRESERVE DISABLE ON SLAVE COMMENT 'ENABLE' DO SELECT 1",
    );
  });

  test("names are found among InnoDB's", () => {
    expect(fileName("wiki-db")).toBe("wiki@002ddb");
    expect(fileName("mw_page")).toBe("mw_page");
  });
});

describe("a failure", () => {
  test("of blue's tables, of a connection and of a disk are told apart", () => {
    expect(understood(new ServerError("blue", 1412, "changed"))).toBeInstanceOf(DefinitionsChanged);
    expect(understood(new ServerError("green", 1146, "gone"))).toBeInstanceOf(ServerError);
    expect(mayPass(new LinkError("green", "closed"))).toBe(true);
    expect(mayPass(new ServerError("green", 1062, "twice"))).toBe(false);
    expect(named(new ServerError("green", 1114, "The table 't' is full"))).toMatchObject({
      code: "COPY_DISK_FULL",
    });
    expect(named(new ServerError("green", 1062, "twice"))).toMatchObject({ code: "COPY_LOAD_FAILED" });
    expect(named(new ServerError("blue", 1030, "broken"))).toMatchObject({ code: "COPY_READ_FAILED" });
    expect(named(new LinkError("blue", "closed"))).toMatchObject({ code: "COPY_LINK_LOST" });
  });
});

describe("the wire", () => {
  test("lengths are read in each of their forms", () => {
    expect(readLength(Buffer.from([0xfa]), 0)).toEqual({ value: 250, next: 1 });
    expect(readLength(Buffer.from([0xfb]), 0)).toEqual({ value: -1, next: 1 });
    expect(readLength(Buffer.from([0xfc, 1, 2]), 0)).toEqual({ value: 513, next: 3 });
    expect(readLength(Buffer.from([0xfd, 0, 0, 1]), 0)).toEqual({ value: 65536, next: 4 });
    expect(readLength(Buffer.from([0xfe, 0, 0, 0, 1, 0, 0, 0, 0]), 0)).toEqual({ value: 2 ** 24, next: 9 });
  });

  test("a command of exactly the largest packet is followed by an empty one", () => {
    const packets = commandPackets(3, Buffer.alloc(0xffffff - 1));
    expect(packets.length).toBe(4 + 0xffffff + 4);
    expect([...packets.subarray(-4)]).toEqual([0, 0, 0, 1]);
  });
});

test("a throttle waits as long as the bytes take, and while the source is busy", async () => {
  const unlimited = new Throttle(0);
  expect(unlimited.pause(1e9)).toBeUndefined();
  unlimited.sourceIsBusy = true;
  const rest = unlimited.pause(1);
  unlimited.sourceIsBusy = false;
  await rest;
  expect(unlimited.pause(1)).toBeUndefined();
  const limited = new Throttle(1_000_000);
  const started = performance.now();
  for (let n = 0; n < 5; n++) await limited.pause(50_000);
  expect(performance.now() - started).toBeGreaterThan(100);
});

test("progress is one line, in all and for each table", () => {
  const table = { name: "text", percent: 33, bytes: 1, rows: 1, totalBytes: 3, totalRows: 3 };
  expect(
    progressLine({
      percent: 25,
      bytes: 5e6,
      rows: 1234,
      totalBytes: 20e6,
      bytesPerSecond: 1e6,
      leftMs: 14_200,
      tables: [table],
    }),
  ).toBe("5.0 MB of about 20.0 MB, 1,234 rows, 1.0 MB/s, 14.2 s left (text 33 %)");
});

test("a campaign's plan follows from its seed, and a piece begun again counts as repeated", () => {
  expect(planOf(1, 5)).toEqual(planOf(1, 5));
  expect(planOf(1, 5)).not.toEqual(planOf(1, 6));
  const piece = (range: number, ...after: string[]) => ({ kind: "piece" as const, range, table: "t", after });
  expect(repetitions([piece(1), piece(2), piece(1, "00"), { kind: "following" }, piece(1, "00")])).toBe(1);
});
