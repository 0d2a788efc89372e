import fc from "fast-check";
import { FrameSplitter } from "../../../../../engine/runtime/docker/frames";

test("a container's output is split by stream, however its bytes are cut", () => {
  const frames = fc.array(
    fc.record({ stream: fc.constantFrom(1, 2), data: fc.uint8Array({ maxLength: 40 }) }),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(frames, fc.integer({ min: 1, max: 17 }), (sent, step) => {
      const wire = Buffer.concat(
        sent.flatMap(({ stream, data }) => {
          const header = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0]);
          header.writeUInt32BE(data.length, 4);
          return [header, Buffer.from(data)];
        }),
      );
      const got = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
      const splitter = new FrameSplitter();
      for (let at = 0; at < wire.length; at += step)
        for (const frame of splitter.split(wire.subarray(at, at + step))) got[frame.stream].push(frame.data);
      const want = (stream: number) =>
        Buffer.concat(
          sent.filter((frame) => frame.stream === stream).map((frame) => Buffer.from(frame.data)),
        );
      expect(Buffer.concat(got.stdout)).toEqual(want(1));
      expect(Buffer.concat(got.stderr)).toEqual(want(2));
    }),
  );
});
