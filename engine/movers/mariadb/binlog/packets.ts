/** Splits a server's stream into packets: three bytes of length, a sequence number, the payload. */
export class PacketSplitter {
  private chunks: Buffer[] = [];
  private have = 0;
  /** The part received so far of a payload of 16 MB or more. */
  private parts: Buffer[] = [];

  /** @param take Receives each payload, in order. */
  constructor(private readonly take: (payload: Buffer) => void) {}

  feed(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.have += chunk.length;
    for (;;) {
      if (this.have < 4) return;
      const head = this.peek(4);
      const length = head.readUIntLE(0, 3);
      if (this.have < 4 + length) return;
      const payload = this.read(4 + length).subarray(4);
      this.parts.push(payload);
      // A packet of maximum length: the next one continues it, even if that one is empty.
      if (length === 0xffffff) continue;
      const whole = this.parts.length === 1 ? payload : Buffer.concat(this.parts);
      this.parts = [];
      this.take(whole);
    }
  }

  private peek(bytes: number): Buffer {
    const first = this.chunks[0] as Buffer;
    return first.length >= bytes ? first : Buffer.concat(this.chunks, this.have);
  }

  private read(bytes: number): Buffer {
    const first = this.chunks[0] as Buffer;
    this.have -= bytes;
    if (first.length === bytes) {
      this.chunks.shift();
      return first;
    }
    const all = first.length > bytes ? first : Buffer.concat(this.chunks);
    const rest = all.subarray(bytes);
    this.chunks = first.length > bytes ? [rest, ...this.chunks.slice(1)] : rest.length > 0 ? [rest] : [];
    return all.subarray(0, bytes);
  }
}
