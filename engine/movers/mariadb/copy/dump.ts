import { Transform } from "node:stream";
import type { ClientChannel } from "ssh2";
import { WikiferryError } from "../../../errors";
import type { DatabaseAccess } from "../../../move";
import type { Spawned, SshConnection } from "../../../runtime/ssh/connection";
import { quote } from "../../../runtime/ssh/quote";
import { formatGtid, parseGtid } from "../replication/gtid";
import { accessFile } from "./access";

/**
 * mariadb-dump on blue's host, as one consistent snapshot with its GTID position. It reads the access data from
 * standard input, so that no file is left whatever ends the tool, the dump or the host. It reads through cat, because a
 * socket, which some SSH servers pass on, can't be opened by its name.
 */
const dumpScript = `set -u
program=$(command -v mariadb-dump || command -v mysqldump) || { echo 'neither mariadb-dump nor mysqldump is installed' >&2; exit 71; }
cat | "$program" --defaults-file=/dev/stdin --single-transaction --quick --master-data=2 --gtid \\
  --default-character-set=binary --hex-blob --max-allowed-packet=1G --routines --triggers --events \\
  --no-autocommit --skip-lock-tables "$database"`;

/** Starts the dump. Its output is the channel. */
export async function startDump(
  ssh: SshConnection,
  place: Pick<DatabaseAccess, "admin" | "adminUser">,
  password: string,
  database: string,
): Promise<RunningDump> {
  const spawned = await ssh.spawn(`database=${quote(database)}; ${dumpScript}`);
  spawned.channel.end(accessFile(place, password));
  return new RunningDump(spawned);
}

export class RunningDump {
  private readonly stderr: Buffer[] = [];
  private readonly code: Promise<number>;
  private giveUp: (code: number) => void = () => {};

  readonly channel: ClientChannel;

  constructor({ channel, closed }: Spawned) {
    this.channel = channel;
    channel.stderr.on("data", (chunk: Buffer) => this.stderr.push(chunk));
    const stopped = new Promise<number>((resolve) => {
      this.giveUp = resolve;
    });
    this.code = Promise.race([closed, stopped]);
  }

  /** Waits for its end. @throws `COPY_DUMP_FAILED` unless it succeeded */
  async succeeded(): Promise<void> {
    const code = await this.code;
    if (code !== 0) {
      throw new WikiferryError(
        "COPY_DUMP_FAILED",
        `mariadb-dump on blue ended with exit code ${code}: ${Buffer.concat(this.stderr).toString().trim().slice(-500) || "the connection was lost"}`,
        "See the reason. The next `pulumi up` copies again",
      );
    }
  }

  /**
   * Aborts it. A channel whose remaining data nobody reads never reports that it is closed, so nobody waits for that.
   */
  stop(): void {
    this.giveUp(-1);
    this.channel.destroy();
  }
}

const headBytes = 64 * 1024;
const tailBytes = 8 * 1024;

/** Passes a dump on unchanged, counts it, and reads its position from its head and its completion from its tail. */
export class DumpMeter extends Transform {
  bytes = 0;
  private head = Buffer.alloc(0);
  private tail = Buffer.alloc(0);

  constructor(private readonly onBytes: (bytes: number) => void = () => {}) {
    super();
  }

  override _transform(chunk: Buffer, _encoding: string, done: (error: null, chunk: Buffer) => void): void {
    this.bytes += chunk.length;
    if (this.head.length < headBytes) {
      this.head = Buffer.concat([this.head, chunk.subarray(0, headBytes - this.head.length)]);
    }
    this.tail = Buffer.concat([this.tail, chunk.subarray(-tailBytes)]).subarray(-tailBytes);
    this.onBytes(this.bytes);
    done(null, chunk);
  }

  /**
   * The GTID position of the snapshot. It is known only at the end: mariadb-dump names it in the head, or since the
   * releases of 2025 in the last lines. @throws `COPY_NO_POSITION`
   */
  get gtid(): string {
    return dumpPosition(`${this.head.toString("latin1")}\n${this.tail.toString("latin1")}`);
  }

  /** Whether the dump was written completely. */
  get complete(): boolean {
    return /^-- Dump completed/m.test(this.tail.toString("latin1"));
  }
}

/** Reads `-- SET GLOBAL gtid_slave_pos='…'` from the head and tail of a dump. @throws `COPY_NO_POSITION` */
export function dumpPosition(text: string): string {
  const found = /^(?:-- )?SET GLOBAL gtid_slave_pos='([0-9,-]*)';/m.exec(text)?.[1];
  if (found === undefined) {
    throw new WikiferryError(
      "COPY_NO_POSITION",
      "the dump names no GTID position",
      "See that blue's binary log is on (SHOW MASTER STATUS) and that mariadb-dump is MariaDB's own",
    );
  }
  return formatGtid(parseGtid(found));
}
