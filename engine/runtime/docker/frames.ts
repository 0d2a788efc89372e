/** A piece of a container's output. */
export interface Frame {
  stream: "stdout" | "stderr";
  data: Buffer;
}

/**
 * Splits Docker's multiplexed output. Each frame has an 8-byte header: 1 or 2 for the stream, three zeros, and the
 * length as a 32-bit big-endian number. The bytes may arrive in pieces of any size. Data is passed on as it arrives; no
 * frame is collected in memory.
 * https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerAttach
 */
export class FrameSplitter {
  private header = Buffer.alloc(0);
  private stream: Frame["stream"] = "stdout";
  private leftBytes = 0;

  *split(chunk: Buffer): Generator<Frame> {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.leftBytes === 0) {
        const missing = 8 - this.header.length;
        this.header = Buffer.concat([this.header, rest.subarray(0, missing)]);
        rest = rest.subarray(missing);
        if (this.header.length < 8) return;
        this.stream = this.header[0] === 2 ? "stderr" : "stdout";
        this.leftBytes = this.header.readUInt32BE(4);
        this.header = Buffer.alloc(0);
        continue;
      }
      const data = rest.subarray(0, this.leftBytes);
      rest = rest.subarray(data.length);
      this.leftBytes -= data.length;
      yield { stream: this.stream, data };
    }
  }
}
