import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { fieldType, readColumns, skipValue } from "../../../../../engine/movers/mariadb/binlog/columns";
import { type BinlogEvent, EventReader } from "../../../../../engine/movers/mariadb/binlog/events";
import { PacketSplitter } from "../../../../../engine/movers/mariadb/binlog/packets";
import { ChangedRows } from "../../../../../engine/movers/mariadb/verify/continuous/changedRows";
import type {
  ColumnDefinition,
  TableDefinition,
} from "../../../../../engine/movers/mariadb/verify/definitions";

const hex = (text: string) => Buffer.from(text.replaceAll(" ", ""), "hex");
const u16 = (n: number) => Buffer.from([n & 255, n >> 8]);
const u32 = (n: number) => Buffer.from([n & 255, (n >> 8) & 255, (n >> 16) & 255, n >>> 24]);
const named = (text: string) =>
  Buffer.concat([Buffer.from([text.length]), Buffer.from(text), Buffer.from([0])]);

/** An event as the server sends it: a zero, the header, the body. */
function event(type: number, body: Buffer, serverId = 1): Buffer {
  return Buffer.concat([
    Buffer.from([0]),
    u32(0),
    Buffer.from([type]),
    u32(serverId),
    u32(0),
    u32(0),
    u16(0),
    body,
  ]);
}

const gtid = (sequence: number, flags = 0) => {
  const body = Buffer.alloc(19);
  body.writeBigUInt64LE(BigInt(sequence), 0);
  body[12] = flags;
  return event(162, body);
};
const statement = (schema: string, text: string) =>
  event(
    2,
    Buffer.concat([
      Buffer.alloc(8),
      Buffer.from([schema.length]),
      u16(0),
      u16(0),
      named(schema).subarray(1),
      Buffer.from(text),
    ]),
  );
const tableMap = (table: string, types: number[], meta: Buffer) =>
  event(
    19,
    Buffer.concat([
      u32(7),
      u16(0),
      u16(1),
      named("wiki"),
      named(table),
      Buffer.from([types.length, ...types, meta.length]),
      meta,
      Buffer.from([0]),
    ]),
  );
const rowsHead = (columns: number) => Buffer.concat([u32(7), u16(0), u16(1), Buffer.from([columns])]);
const xid = event(16, Buffer.alloc(8));

describe("packets", () => {
  test("are the same however the stream is cut", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 300 })),
        fc.infiniteStream(fc.integer({ min: 1, max: 40 })),
        (payloads, cuts) => {
          const stream = Buffer.concat(
            payloads.map((payload) =>
              Buffer.concat([Buffer.from([payload.length & 255, payload.length >> 8, 0, 0]), payload]),
            ),
          );
          const got: Buffer[] = [];
          const splitter = new PacketSplitter((packet) => got.push(Buffer.from(packet)));
          let at = 0;
          for (const cut of cuts) {
            if (at >= stream.length) break;
            splitter.feed(stream.subarray(at, at + cut));
            at += cut;
          }
          expect(got.map((packet) => [...packet])).toEqual(payloads.map((payload) => [...payload]));
        },
      ),
    );
  });

  test("of 16 MB and more come in parts, the last of which may be empty", () => {
    const full = Buffer.concat([hex("ffffff 00"), Buffer.alloc(0xffffff, 1)]);
    const lengths: number[] = [];
    const splitter = new PacketSplitter((packet) => lengths.push(packet.length));
    splitter.feed(full);
    expect(lengths).toEqual([]);
    splitter.feed(hex("000000 01 010000 00 05"));
    expect(lengths).toEqual([0xffffff, 1]);
  });
});

describe("values in a row event", () => {
  test.each<[name: string, type: number, meta: number, bytes: string, value: string]>([
    ["a short text", fieldType.varchar, 40, "03 616263 ff", "616263"],
    ["a longer text", fieldType.varchar, 300, "0300 616263 ff", "616263"],
    ["a blob with three bytes of length", fieldType.blob, 3, "020000 6162 ff", "6162"],
    ["CHAR of 400 bytes", fieldType.string, 0xee | (0x90 << 8), "0200 6162 ff", "6162"],
    ["BINARY(14)", fieldType.string, 0xfe | (14 << 8), "02 6162 ff", "6162"],
    ["an ENUM", fieldType.string, fieldType.enum | (1 << 8), "02 ff", "02"],
    ["DECIMAL(20,5)", fieldType.newdecimal, 20 | (5 << 8), "00010203040506070809 ff", "00010203040506070809"],
    ["BIT(11)", fieldType.bit, 3 | (1 << 8), "0005 ff", "0005"],
    ["DATETIME(3)", fieldType.datetime2, 3, "00010203040506 ff", "00010203040506"],
    ["TIMESTAMP(6)", fieldType.timestamp2, 6, "00010203040506 ff", "00010203040506"],
    ["TIME", fieldType.time2, 0, "000102 ff", "000102"],
  ])("%s is found with its end", (_name, type, meta, bytes, value) => {
    const all = hex(bytes);
    const { start, end } = skipValue(all, 0, { type, meta });
    expect(all.subarray(start, end).toString("hex")).toBe(value);
  });

  test("of an unknown type stop reading, so nothing is misread", () => {
    expect(() => skipValue(Buffer.alloc(10), 0, { type: 99, meta: 0 })).toThrow("unknown type 99");
  });

  test("are described by the table map", () => {
    expect(readColumns(hex("03 03 0f fc 03 2c01 04"))).toEqual([
      { type: fieldType.long, meta: 0 },
      { type: fieldType.varchar, meta: 300 },
      { type: fieldType.blob, meta: 4 },
    ]);
  });
});

const columns = (names: string[], dataType = "int"): ColumnDefinition[] =>
  names.map((name) => ({
    name,
    dataType,
    virtual: false,
    nullable: false,
    charset: undefined,
    maxBytes: 0,
    unsigned: false,
    text: dataType,
  }));

function table(name: string, key: string[] | undefined, all = columns(["id", "note"])): TableDefinition {
  return {
    name,
    engine: "InnoDB",
    collation: "binary",
    autoIncrement: undefined,
    autoColumn: undefined,
    columns: all,
    indexes: [],
    key: key && { index: "PRIMARY", columns: all.filter((column) => key.includes(column.name)) },
    bytes: 0,
    dataBytes: 0,
    approximateRows: 0,
  };
}

describe("what has changed", () => {
  let touched: ChangedRows;
  let reader: EventReader;
  const feed = (...packets: Buffer[]) => {
    for (const packet of packets) {
      const read: BinlogEvent | undefined = reader.read(packet);
      if (read) touched.read(read);
    }
  };
  const taken = () =>
    Object.fromEntries(
      [...touched.take()].map(([name, keys]) => [name, keys === "whole" ? keys : [...keys]]),
    );

  beforeEach(() => {
    touched = new ChangedRows("wiki", "0-1-10");
    touched.define(
      [table("page", ["id"]), table("plain", undefined), table("child", ["id"])],
      new Map([["page", ["child"]]]),
    );
    reader = new EventReader(touched.wanted);
  });

  test("is known by key: inserted, updated from one key to another, and with a NULL beside it", () => {
    feed(
      gtid(11),
      tableMap("child", [3, 3], Buffer.alloc(0)),
      event(23, Buffer.concat([rowsHead(2), hex("03  00 01000000 05000000  02 fdffffff")])),
      event(24, Buffer.concat([rowsHead(2), hex("03 03  00 07000000 05000000  00 08000000 05000000")])),
      xid,
    );
    expect(touched.gtid).toBe("0-1-11");
    expect(touched.rows).toBe(4);
    expect(taken()).toEqual({ child: ["1", "-3", "7", "8"] });
    expect(taken()).toEqual({});
  });

  test("is known by the image that has the key, when only what changed is logged", () => {
    feed(
      gtid(11),
      tableMap("child", [3, 3], Buffer.alloc(0)),
      event(24, Buffer.concat([rowsHead(2), hex("01 02  00 07000000  00 05000000")])),
      xid,
    );
    expect(taken()).toEqual({ child: ["7"] });
  });

  test("is read from a compressed event, too", () => {
    const rows = deflateSync(hex("00 01000000 05000000"));
    feed(
      gtid(11),
      tableMap("child", [3, 3], Buffer.alloc(0)),
      event(166, Buffer.concat([rowsHead(2), hex("03 81 09"), rows])),
      xid,
    );
    expect(taken()).toEqual({ child: ["1"] });
  });

  test("without a key, or by a cascade, or in an unknown table, is the whole table", () => {
    const row = event(23, Buffer.concat([rowsHead(2), hex("03  00 01000000 05000000")]));
    feed(
      gtid(11),
      tableMap("page", [3, 3], Buffer.alloc(0)),
      row,
      tableMap("plain", [3, 3], Buffer.alloc(0)),
      row,
    );
    feed(tableMap("unheard", [3, 3], Buffer.alloc(0)), row, xid);
    expect(taken()).toEqual({ page: ["1"], child: "whole", plain: "whole", unheard: "whole" });
  });

  test("is the whole table where the log's columns differ from the known ones", () => {
    feed(
      gtid(11),
      tableMap("child", [3, 3, 3], Buffer.alloc(0)),
      event(23, Buffer.concat([rowsHead(3), hex("07  00 01000000 05000000 05000000")])),
      xid,
    );
    expect(taken()).toEqual({ child: "whole" });
  });

  test("by a statement is every table that it names, and definitions are read again", () => {
    feed(gtid(11, 1), statement("wiki", "ALTER TABLE page ADD x INT"));
    expect(touched.definitionsChanged).toBe(true);
    expect(touched.gtid).toBe("0-1-11");
    expect(taken()).toEqual({ page: "whole" });
  });

  test("in a temporary table is nothing", () => {
    feed(
      gtid(11, 1),
      statement("wiki", "DROP /*!40005 TEMPORARY */ TABLE IF EXISTS `page`"),
      gtid(12, 1),
      statement("wiki", "CREATE TEMPORARY TABLE page (id INT)"),
    );
    expect(touched.gtid).toBe("0-1-12");
    expect(touched.definitionsChanged).toBe(false);
    expect(taken()).toEqual({});
  });

  test("elsewhere does not matter, except for how far the log was read", () => {
    const other = Buffer.concat([
      u32(7),
      u16(0),
      u16(1),
      named("other"),
      named("page"),
      Buffer.from([1, 3, 0, 0]),
    ]);
    feed(
      gtid(11),
      statement("other", "BEGIN"),
      event(19, other),
      event(23, Buffer.concat([rowsHead(1), hex("01 00 01000000")])),
    );
    expect(touched.gtid).toBe("0-1-10");
    feed(statement("other", "COMMIT"), gtid(12, 1), statement("other", "CREATE TABLE x (a INT)"));
    expect(touched.gtid).toBe("0-1-12");
    expect(touched.definitionsChanged).toBe(false);
    expect(taken()).toEqual({});
  });

  test("and can't be compared yet goes back", () => {
    touched.putBack(
      new Map<string, Set<string> | "whole">([
        ["page", new Set(["1"])],
        ["plain", "whole"],
      ]),
    );
    expect(touched.rows).toBe(1);
    expect(taken()).toEqual({ page: ["1"], plain: "whole" });
  });

  test("an error of the server ends the stream with its message", () => {
    expect(reader.read(Buffer.concat([hex("ff d404"), Buffer.from("#HY000gone")]))).toEqual({
      kind: "error",
      number: 1236,
      message: "gone",
    });
  });

  test("a checksum at the end of events is not mistaken for a row", () => {
    feed(event(15, Buffer.concat([Buffer.alloc(80), hex("01 aabbccdd")])));
    const summed = (packet: Buffer) => Buffer.concat([packet, hex("01020304")]);
    feed(
      ...[
        gtid(11),
        tableMap("child", [3, 3], Buffer.alloc(0)),
        event(23, Buffer.concat([rowsHead(2), hex("03  00 01000000 05000000")])),
        xid,
      ].map(summed),
    );
    expect(taken()).toEqual({ child: ["1"] });
  });
});
