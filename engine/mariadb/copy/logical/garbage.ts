import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** After so many bytes read the short-lived buffers in which they came are collected, in bytes. */
const everyBytes = 16 * 1024 * 1024;

let collect: ((options: { type: "minor" }) => void) | undefined;
let sinceBytes = 0;

/**
 * To be told of all that is read from the network. Node makes a buffer for each piece, outside of the heap, and V8 lets
 * 100 MB of them pile up before it looks: a copy would take twice the memory that it needs. Looking after every 16 MB
 * takes one to two milliseconds.
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
