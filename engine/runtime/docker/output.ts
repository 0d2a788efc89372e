import type { Readable } from "node:stream";
import { messageOf } from "../../errors";
import { type Frame, FrameSplitter } from "./frames";

/** An error of the connection to the container (its `cause`), as opposed to one of the receiver. */
export class BrokenOff extends Error {}

type Take = (data: Buffer) => void | Promise<void>;

/**
 * Passes on a command's output until it ends, no faster than the receiver takes it. Uses events, because iterating over
 * a stream that broke off omits what had already arrived.
 * @throws `BrokenOff`, or what the receiver throws
 */
export function readOutput(stream: Readable, takeStdout: Take, takeStderr: Take): Promise<void> {
  const splitter = new FrameSplitter();
  const handOn = (frames: Iterator<Frame>): void | Promise<void> => {
    for (let next = frames.next(); !next.done; next = frames.next()) {
      const work = (next.value.stream === "stderr" ? takeStderr : takeStdout)(next.value.data);
      if (work) return work.then(() => handOn(frames));
    }
  };
  return new Promise((resolve, reject) => {
    let taken = Promise.resolve();
    stream.on("data", (chunk: Buffer) => {
      try {
        const work = handOn(splitter.split(chunk));
        if (!work) return;
        stream.pause();
        taken = work.then(() => void stream.resume());
        taken.catch(reject);
      } catch (error) {
        reject(error);
      }
    });
    const broken = (cause: unknown) =>
      taken.then(() => reject(new BrokenOff(messageOf(cause), { cause })), reject);
    stream.once("end", () => taken.then(resolve, reject));
    stream.once("error", broken);
    stream.once("close", () => broken(new Error("the connection was closed")));
  });
}
