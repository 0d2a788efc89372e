import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** After this many bytes, the short-lived buffers in which they arrived are collected, in bytes. */
const everyBytes = 16 * 1024 * 1024;

let collect: ((options: { type: "minor" }) => void) | undefined;
let sinceBytes = 0;

/**
 * Counts what is read from the network, and collects young buffers after every 16 MB of it, which takes one to two
 * milliseconds. Node allocates a buffer outside of the heap for each read, and V8 lets tens of megabytes of them pile up
 * before it looks: a copy of 7 GB peaked at 268 MB without this, 1.8 GB at 250 MB; with it 1.7 GB peaked at 222 MB.
 */
export function hasRead(bytes: number): void {
  sinceBytes += bytes;
  if (sinceBytes < everyBytes) return;
  sinceBytes = 0;
  collect ??= exposed();
  collect({ type: "minor" });
}

/** The collector as `node --expose-gc` offers it; where an engine has none, nothing is collected early. */
function exposed(): NonNullable<typeof collect> {
  setFlagsFromString("--expose-gc");
  const gc: unknown = runInNewContext("typeof gc === 'function' ? gc : undefined");
  return typeof gc === "function" ? (gc as NonNullable<typeof collect>) : () => {};
}
