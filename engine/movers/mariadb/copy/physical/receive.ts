import { WikiferryError } from "../../../../errors";
import type { SshConnection } from "../../../../runtime/ssh/connection";
import { freshKey } from "../../../../runtime/ssh/freshKey";
import type { CopyContext } from "../context";
import { CopyProgress } from "../progress";
import { openBackupSession } from "./backupSession";
import { candidates, transferDirectly } from "./directTransfer";
import { inGreen } from "./incoming";
import { relayThroughTool } from "./relayedTransfer";

/** A position as a server writes it, in a syntax that grep supports too. */
const gtidPattern = "[0-9]+-[0-9]+-[0-9]+(,[0-9]+-[0-9]+-[0-9]+)*";
/** Interval at which the received size is checked, in milliseconds. */
const lookEveryMs = 5_000;
/**
 * A link slower than this, in bytes per second, is worth the processor time for compression: a third of a gigabit, or a
 * tenth of one where blue's processors are overloaded.
 */
const slowLink = { idle: 40_000_000, busy: 12_000_000 };

/**
 * Streams blue's files beside green's data, directly from host to host if green's container reaches blue's SSH,
 * otherwise through the tool. Throttled, and compressed where that is worthwhile. They are complete: both ends
 * succeeded, and each piece of the stream has a checksum.
 * @returns The position of the backup.
 * @throws `COPY_BACKUP_FAILED`, `COPY_RECEIVE_FAILED`, `COPY_NO_POSITION`
 */
export async function receive(ctx: CopyContext, expectedBytes: number): Promise<string> {
  const { blue, spec, secrets, pool, report } = ctx;
  const place = spec.blue.database;
  const ssh = await pool.to(place.ssh);
  const datadir = (await blue.value("SELECT @@GLOBAL.datadir")) ?? "/var/lib/mysql";
  const reachable = candidates(place.ssh, place.replication.host).length > 0;
  const key = reachable ? freshKey() : undefined;
  const [custodian, packBelow] = await Promise.all([
    openBackupSession(ssh, place, secrets.blueAdminPassword, datadir, key?.public),
    worthPacking(ctx, ssh),
  ]);
  const progress = new CopyProgress(expectedBytes, report);
  const looking = setInterval(() => void look(ctx, progress), lookEveryMs);
  try {
    if (!key || !(await transferDirectly(ctx, custodian, key.private, packBelow)))
      await relayThroughTool(ctx, ssh, custodian, packBelow > 0);
  } finally {
    clearInterval(looking);
    await custodian.release();
  }
  return await noteReceived(ctx);
}

async function noteReceived(ctx: CopyContext): Promise<string> {
  const info = await inGreen(
    ctx,
    `cd "$incoming"
     info=$(cat data/mariadb_backup_binlog_info 2>/dev/null || cat data/xtrabackup_binlog_info 2>/dev/null || true)
     printf '%s' "$info"
     printf '%s\\n' "$info" | head -n 1 | cut -f 3 | tr -d ' \\n' >received.new
     if grep -Eqx '${gtidPattern}' received.new; then mv received.new received; fi`,
  );
  return positionIn(info);
}

async function look(ctx: CopyContext, progress: CopyProgress): Promise<void> {
  const said = await inGreen(ctx, `du -sb "$incoming/data" | cut -f1`).catch(() => "");
  if (said !== "") progress.at(Number(said));
}

/** The link rate below which files are compressed; 0 where an end has no zstd. */
async function worthPacking(ctx: CopyContext, ssh: SshConnection): Promise<number> {
  const [blue, green] = await Promise.all([
    ssh.run("command -v zstd >/dev/null && echo \"$(cut -d' ' -f1 /proc/loadavg) $(nproc)\" || true"),
    inGreen(ctx, "command -v zstd || true"),
  ]);
  if (blue.trim() === "" || green.trim() === "") return 0;
  const [load = 0, processors = 1] = blue.trim().split(" ").map(Number);
  return load < processors ? slowLink.idle : slowLink.busy;
}

/** Parses `binlog.000002\t1234\t0-1-42`. @throws `COPY_NO_POSITION` */
export function positionIn(info: string): string {
  const gtid = info.trim().split("\n")[0]?.split("\t")[2]?.trim() ?? "";
  if (new RegExp(`^${gtidPattern}$`).test(gtid)) return gtid;
  throw new WikiferryError(
    "COPY_NO_POSITION",
    `the backup names no GTID position (${info.trim() || "nothing"})`,
    "See that blue's binary log is on (SHOW MASTER STATUS)",
  );
}
