import fc from "fast-check";
import { decode, encode, start } from "../../../../engine/control/file/log";

interface Record {
  n: number;
  text: string;
}

/** What writers append one after the other, and where each record's line ends. */
function written(records: readonly Record[]): { bytes: Buffer; ends: number[] } {
  let head = start;
  let length = 0;
  const ends: number[] = [];
  const pieces = records.map((record) => {
    const { sum, bytes } = encode(head, record);
    head = sum;
    length += bytes.length;
    ends.push(length);
    return bytes;
  });
  return { bytes: Buffer.concat(pieces), ends };
}

const texts = fc.oneof(
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.constantFrom("J*J*", "a\nb", '"}}', "ÄÖ"),
);
const logs = fc
  .array(texts, { minLength: 1, maxLength: 8 })
  .map((all) => all.map((text, n): Record => ({ n, text })));
const some = (text: string): Record => ({ n: 0, text });
const recordsIn = (bytes: Buffer) => decode<Record>(bytes, "log.1").links.map(({ record }) => record);
const corrupt = /^CTRL_STORE_CORRUPT: line \d+ of log\.1 is damaged/;

/** What a reader makes of damaged bytes: the records, or `refused`. */
function reading(bytes: Buffer): Record[] | "refused" {
  try {
    return recordsIn(bytes);
  } catch (error) {
    expect((error as Error).message).toMatch(corrupt);
    return "refused";
  }
}

describe("a log", () => {
  test("is JSON lines, and reads as it was written", () => {
    fc.assert(
      fc.property(logs, (records) => {
        const { bytes } = written(records);
        expect(recordsIn(bytes)).toEqual(records);
        const lines = bytes
          .toString("utf8")
          .split("\n")
          .filter((line) => line.trim() !== "");
        expect(lines.map((line) => JSON.parse(line).record)).toEqual(JSON.parse(JSON.stringify(records)));
      }),
    );
  });

  test("cut off anywhere, has exactly the records whose lines are whole", () => {
    fc.assert(
      fc.property(logs, (records) => {
        const { bytes, ends } = written(records);
        for (let length = 0; length <= bytes.length; length++) {
          const whole = ends.filter((end) => end <= length).length;
          expect(recordsIn(bytes.subarray(0, length))).toEqual(records.slice(0, whole));
        }
      }),
      { numRuns: 30 },
    );
  });

  test("with any one bit flipped, is refused, or says the same", () => {
    fc.assert(
      fc.property(logs, (records) => {
        const { bytes } = written(records);
        for (let bit = 0; bit < bytes.length * 8; bit++) {
          const damaged = Buffer.from(bytes);
          damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
          const found = reading(damaged);
          if (found !== "refused") expect(found).toEqual(records);
        }
      }),
      { numRuns: 8 },
    );
  });

  test("with bytes overwritten, and cut off, never says anything but the first of its records", () => {
    fc.assert(
      fc.property(
        logs,
        fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(255)), { maxLength: 4 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (records, changes, kept) => {
          const damaged = Buffer.from(written(records).bytes);
          for (const [where, byte] of changes) damaged[Math.floor(where * (damaged.length - 1))] = byte;
          const found = reading(damaged.subarray(0, Math.ceil(kept * damaged.length)));
          if (found !== "refused") expect(found).toEqual(records.slice(0, found.length));
        },
      ),
      { numRuns: 1_000 },
    );
  });

  test("with a line taken out, put twice or put elsewhere, is refused, or says the same", () => {
    fc.assert(
      fc.property(logs, fc.nat(), fc.nat(), (records, from, to) => {
        const { bytes } = written(records);
        const lines = bytes.toString("latin1").match(/ \n.*\n/g) as string[];
        const join = (all: string[]) => Buffer.from(all.join(""), "latin1");
        const at = from % lines.length;
        const without = lines.toSpliced(at, 1);
        // The last one was the newest: nothing shows that there was more.
        const shorter = at === lines.length - 1 ? records.slice(0, -1) : "refused";
        expect(reading(join(without))).toEqual(shorter);
        expect(reading(join(lines.toSpliced(at, 0, lines[at] as string)))).toEqual(records);
        const moved = without.toSpliced(to % lines.length, 0, lines[at] as string);
        if (to % lines.length !== at) expect(reading(join(moved))).not.toEqual(records);
      }),
    );
  });

  test("takes the first of two records that follow on the same one; a third that follows on the second is refused", () => {
    const first = encode(start, some("first"));
    const here = encode(first.sum, some("here"));
    const late = encode(first.sum, some("late"));
    const log = decode<Record>(Buffer.concat([first.bytes, here.bytes, late.bytes]), "log.1");
    expect(log.links.map(({ record }) => record.text)).toEqual(["first", "here"]);
    expect(log).toMatchObject({ head: here.sum, waste: 1 });
    const lost = encode(late.sum, some("lost"));
    expect(reading(Buffer.concat([first.bytes, here.bytes, late.bytes, lost.bytes]))).toBe("refused");
  });

  test("what a killed writer left unfinished stays so, however much of it there is", () => {
    const first = encode(start, some("first"));
    const killed = encode(first.sum, some("killed"));
    const next = encode(first.sum, some("next"));
    for (let length = 0; length < killed.bytes.length; length++) {
      const bytes = Buffer.concat([first.bytes, killed.bytes.subarray(0, length), next.bytes]);
      expect(recordsIn(bytes).map(({ text }) => text)).toEqual(["first", "next"]);
    }
  });

  test("names file and line of what is damaged, and what to do", () => {
    const { bytes } = written([some("a"), some("b"), some("c")]);
    const damaged = Buffer.from(bytes.toString("latin1").replace('"b"', '"x"'), "latin1");
    expect(() => recordsIn(damaged)).toThrow(/line 6 of log\.1 is damaged: it follows a record .* backup/);
    const last = Buffer.from(bytes.toString("latin1").replace('"c"', '"x"'), "latin1");
    expect(() => recordsIn(last)).toThrow(/line 6 of log\.1 is damaged: it can't be read/);
  });
});
