import { randomInt } from "node:crypto";
import type { Duplex } from "node:stream";
import type { Server } from "../../../runtime/mariadb/server";
import { type BinlogEvent, EventReader, type WantedColumns } from "./events";
import { PacketSplitter } from "./packets";

export interface BinlogReading {
  /** The last transaction that is already known. The stream begins after it. */
  after: string;
  wanted: WantedColumns;
  /** Receives each event, in order. */
  take(event: BinlogEvent): void;
  /** Called once if the stream ends and nobody ended it. */
  lost(error: Error): void;
}

const command = { query: 0x03, binlogDump: 0x12 };
/** Interval of the server's heartbeats, in nanoseconds. */
const heartbeatNs = 2_000_000_000;

/**
 * Reads a server's binary log continuously as a replica does, by GTID, over the tool's own connection path. The account
 * needs REPLICATION SLAVE. https://mariadb.com/kb/en/replication-protocol/
 */
export class BinlogStream {
  private ended = false;

  private constructor(
    private readonly server: Server,
    private readonly stream: Duplex,
    private readonly connectionId: number,
  ) {}

  static async open(server: Server, reading: BinlogReading): Promise<BinlogStream> {
    const { stream, connectionId } = await server.openStream();
    const own = new BinlogStream(server, stream, connectionId);
    const reader = new EventReader(reading.wanted);
    const lose = (error: Error) => {
      if (own.ended) return;
      void own.end();
      reading.lost(error);
    };
    stream.on("error", lose);
    stream.on("close", () => lose(new Error("the connection was closed")));
    try {
      await ask(
        stream,
        `SET @slave_connect_state = '${reading.after.replace(/[^-0-9,]/g, "")}', @slave_gtid_strict_mode = 0,
             @slave_gtid_ignore_duplicates = 0, @mariadb_slave_capability = 4, @master_binlog_checksum = @@GLOBAL.binlog_checksum,
             @master_heartbeat_period = ${heartbeatNs}`,
      );
    } catch (error) {
      await own.end();
      throw error;
    }
    const splitter = new PacketSplitter((packet) => {
      if (own.ended) return;
      try {
        const event = reader.read(packet);
        if (event?.kind === "error") lose(new Error(`${event.message} (${event.number})`));
        else if (event) reading.take(event);
      } catch (error) {
        lose(error instanceof Error ? error : new Error(String(error)));
      }
    });
    stream.on("data", (chunk: Buffer) => splitter.feed(chunk)).resume();
    stream.write(packetOf(dumpRequest()));
    return own;
  }

  /** Pauses the server until `resume`. */
  pause(): void {
    this.stream.pause();
  }

  resume(): void {
    this.stream.resume();
  }

  /** Also ends it on the server, which would otherwise notice only when it sends the next time. */
  async end(): Promise<void> {
    if (this.ended) return;
    this.ended = true;
    this.stream.destroy();
    await this.server.run(`KILL HARD ${this.connectionId}`).catch(() => {});
  }
}

/** Starts after that GTID, with a replica's server id that nobody else has. */
function dumpRequest(): Buffer {
  const request = Buffer.alloc(11);
  request[0] = command.binlogDump;
  request.writeUInt32LE(4, 1);
  request.writeUInt32LE(0x80000000 + randomInt(0x70000000), 7);
  return request;
}

/** One statement without result rows. */
function ask(stream: Duplex, sql: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const splitter = new PacketSplitter((packet) => {
      stream.off("data", feed).off("close", closed);
      stream.pause();
      if (packet[0] === 0) resolve();
      else reject(new Error(packet.subarray(9).toString("utf8")));
    });
    const feed = (chunk: Buffer) => splitter.feed(chunk);
    const closed = () => reject(new Error("the connection was closed"));
    stream.on("data", feed).once("close", closed);
    stream.write(packetOf(Buffer.concat([Buffer.from([command.query]), Buffer.from(sql)])));
  });
}

function packetOf(payload: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUIntLE(payload.length, 0, 3);
  return Buffer.concat([head, payload]);
}
