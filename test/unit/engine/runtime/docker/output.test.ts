import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { BrokenOff, readOutput } from "../../../../../engine/runtime/docker/output";

const frame = (stream: 1 | 2, text: string) => {
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
};

test("what arrived before the connection broke is passed on", async () => {
  const stream = new PassThrough();
  const said: string[] = [];
  const reading = readOutput(
    stream,
    (data) => void said.push(`out: ${data}`),
    (data) => void said.push(`err: ${data}`),
  );
  stream.write(Buffer.concat([frame(1, "begun"), frame(2, "no space left")]));
  stream.destroy(Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" }));
  await expect(reading).rejects.toBeInstanceOf(BrokenOff);
  await expect(reading).rejects.toMatchObject({ cause: { code: "ECONNRESET" } });
  expect(said).toEqual(["out: begun", "err: no space left"]);
});

test("a connection that is closed early does not count as the end", async () => {
  const stream = new PassThrough();
  const reading = readOutput(
    stream,
    () => {},
    () => {},
  );
  stream.destroy();
  await expect(reading).rejects.toBeInstanceOf(BrokenOff);
});

test("nothing more is read while a piece is being processed, and what the receiver throws is passed on", async () => {
  const stream = new PassThrough();
  const pieces: string[] = [];
  let atOnce = 0;
  const reading = readOutput(
    stream,
    async (data) => {
      expect(++atOnce).toBe(1);
      await sleep(5);
      pieces.push(String(data));
      atOnce--;
      if (pieces.length === 4) throw new Error("enough");
    },
    () => {},
  );
  for (const text of ["a", "b"]) stream.write(Buffer.concat([frame(1, text), frame(1, text + text)]));
  stream.end();
  await expect(reading).rejects.toThrow("enough");
  expect(pieces).toEqual(["a", "aa", "b", "bb"]);
});
