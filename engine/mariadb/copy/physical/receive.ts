import { pipeline } from "node:stream/promises";
import { WikiferryError } from "../../../errors";
import type { CopyContext } from "../copy";
import { CopyProgress } from "../progress";
import { lastWords, startBackup } from "./backup";
import { inGreen, workInGreen } from "./place";
import { Throttle } from "./throttle";

/** A link slower than this is worth the processor's time that packing takes, in bytes per second. */
const fastLink = 150_000_000;
/** How long the link is tried, in seconds. */
const probeSeconds = 1;
const probeBytes = 32 * 1024 * 1024;
/** How often it is looked how much has been unpacked, in milliseconds. */
const unpackedEveryMs = 5_000;

/**
 * Streams blue's files beside green's data, through the tool and throttled, and checks that they are whole: both ends
 * succeeded, and each piece of the stream bears its checksum.
 * @throws `COPY_BACKUP_FAILED`, `COPY_RECEIVE_FAILED`, `COPY_NO_POSITION`
 */
export async function receive(ctx: CopyContext, expectedBytes: number): Promise<void> {
  const packed = (await bothHaveZstd(ctx)) && (await packingPays(ctx));
  await inGreen(ctx, `rm -rf "$incoming"; mkdir -p "$incoming/data"`);
  const backup = await startBackup(ctx, packed);
  const progress = new CopyProgress(expectedBytes, ctx.report);
  const wire = new Throttle(ctx.spec.copy.maxBytesPerSecond, (bytes) => {
    if (!packed) progress.at(bytes);
  });
  const unpacking = packed ? setInterval(() => void sayUnpacked(ctx, progress), unpackedEveryMs) : undefined;
  pipeline(backup.channel, wire).catch(() => {});
  const taking = take(ctx, wire, packed).catch((error) => {
    backup.stop();
    throw error;
  });
  const outcomes = await Promise.allSettled([backup.succeeded(), taking]);
  clearInterval(unpacking);
  // A backup that failed makes the receiver fail as well.
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  if (failed) throw failed.reason;
  const gtid = positionIn(
    await inGreen(
      ctx,
      `cd "$incoming/data"; cat mariadb_backup_binlog_info 2>/dev/null || cat xtrabackup_binlog_info 2>/dev/null || true`,
    ),
  );
  await inGreen(
    ctx,
    `printf '%s' '${gtid}' >"$incoming/received.new"; mv "$incoming/received.new" "$incoming/received"`,
  );
}

async function sayUnpacked(ctx: CopyContext, progress: CopyProgress): Promise<void> {
  const said = await inGreen(ctx, `du -sb "$incoming/data" | cut -f1`).catch(() => "");
  if (said !== "") progress.at(Number(said));
}

async function bothHaveZstd(ctx: CopyContext): Promise<boolean> {
  const ask = "command -v zstd >/dev/null && echo yes || true";
  const ssh = await ctx.pool.to(ctx.spec.blue.database.ssh);
  return (await ssh.run(ask)).trim() === "yes" && (await inGreen(ctx, ask)).trim() === "yes";
}

/** Whether the link, and not the processors, is what the copy would wait for. */
async function packingPays(ctx: CopyContext): Promise<boolean> {
  const { copy, green, blue } = ctx.spec;
  if (green.database.dockerVia) return true;
  if (copy.maxBytesPerSecond > 0 && copy.maxBytesPerSecond < fastLink) return true;
  const ssh = await ctx.pool.to(blue.database.ssh);
  const { channel, closed } = await ssh.spawn(`timeout ${probeSeconds} head -c ${probeBytes} /dev/zero`);
  const started = performance.now();
  let bytes = 0;
  channel.stderr.resume();
  channel.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
  });
  await closed;
  return bytes / ((performance.now() - started) / 1000) < fastLink;
}

async function take(ctx: CopyContext, stream: Throttle, packed: boolean): Promise<void> {
  const { exitCode, stderr } = await workInGreen(
    ctx,
    packed
      ? `{ zstd -q -d -c || echo $? >"$incoming/unpacking"; } | mbstream -x -p 2 -C "$incoming/data" && [ ! -e "$incoming/unpacking" ]`
      : `mbstream -x -p 2 -C "$incoming/data"`,
    { stdin: stream },
  );
  if (exitCode === 0) return;
  throw new WikiferryError(
    "COPY_RECEIVE_FAILED",
    `green's host did not take the copy, mbstream ended with exit code ${exitCode}: ${lastWords(stderr)}`,
    "See the reason, such as a full disk; the next `pulumi up` copies anew",
  );
}

/** Reads `binlog.000002\t1234\t0-1-42`. @throws `COPY_NO_POSITION` */
export function positionIn(info: string): string {
  const gtid = info.trim().split("\n")[0]?.split("\t")[2]?.trim() ?? "";
  if (/^\d+-\d+-\d+(,\d+-\d+-\d+)*$/.test(gtid)) return gtid;
  throw new WikiferryError(
    "COPY_NO_POSITION",
    `the backup names no GTID position (${info.trim() || "nothing"})`,
    "See that blue's binary log is on (SHOW MASTER STATUS)",
  );
}
