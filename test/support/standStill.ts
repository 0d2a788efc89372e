/** Keeps this thread, and whatever comes to it, waiting; for ever unless told how long. */
export function standStill(ms = Number.POSITIVE_INFINITY): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)), 0, 0, ms);
}
