import { pipeline } from "node:stream/promises";
import type { Move } from "../context";
import { execInContainer, runInContainer } from "../docker/exec";
import { WikiferryError } from "../errors";
import { accountsLocked, lockAccounts } from "../mariadb/accounts/accounts";
import { DumpMeter, startDump } from "../mariadb/copy/dump";
import { journalOn } from "../wiki/journal";
import type { Hold, HoldInputs } from "./hold";

interface Outputs {
  /** Path in the courier's volume. */
  file: string;
  /** Blue's last transaction. */
  gtid: string;
  /** Size of the dump before compression. */
  dumpBytes: number;
}

const directory = "/state/archive";

async function keep(move: Move, file: string): Promise<Outputs> {
  const { spec, secrets, pool, blue, report } = move;
  const courier = spec.green.courier;
  // Blue stays as it is, closed: read-only by its role record, and nobody's wiki logs in there by mistake.
  await lockAccounts(blue, spec.wiki.appUser);
  const gtid = (await blue.value("SELECT @@GLOBAL.gtid_binlog_pos")) ?? "";
  report({ step: "archive", message: `keeping blue's database as of ${gtid} in ${file}` });
  const ssh = await pool.to(spec.blue.database.ssh);
  const dump = await startDump(ssh, spec.blue.database, secrets.blueAdminPassword, spec.wiki.database);
  const meter = new DumpMeter();
  const command = ["sh", "-c", `mkdir -p -m 0700 ${directory} && umask 077 && zstd -q -f -o '${file}.part'`];
  const [kept] = await Promise.all([
    execInContainer(courier, command, pool, { stdin: meter }),
    pipeline(dump.channel, meter).then(() => dump.succeeded()),
  ]);
  if (kept.exitCode !== 0 || !meter.complete) {
    throw new WikiferryError(
      "ARCHIVE_FAILED",
      `blue's database could not be kept in ${file} (${kept.stderr.trim().slice(-300) || "the dump is not complete"})`,
      "See that green's disk is not full, then run again; blue is as it was",
    );
  }
  await runInContainer(
    courier,
    ["sh", "-c", `zstd -q -t '${file}.part' && mv '${file}.part' '${file}'`],
    pool,
  );
  await journalOn(move.green).append({
    step: "archive",
    side: "blue",
    host: spec.blue.database.ssh.host,
    event: "kept its last state",
    detail: { file, gtid, dumpBytes: meter.bytes },
  });
  return { file, gtid, dumpBytes: meter.bytes };
}

/** Blue's last state, kept as a compressed dump in the courier's volume; blue itself stays closed, and whole. */
export const hold: Hold<HoldInputs, Outputs> = {
  create: (move) => keep(move, `${directory}/${move.spec.wiki.name}-blue.sql.zst`),
  async update(move, _inputs, before) {
    const { file, gtid, dumpBytes } = before;
    const there = await execInContainer(move.spec.green.courier, ["test", "-s", file], move.pool);
    return there.exitCode === 0 ? { file, gtid, dumpBytes } : keep(move, file);
  },
  async read({ spec, pool, blue }, { file, gtid, dumpBytes }) {
    const there = await execInContainer(spec.green.courier, ["test", "-s", file], pool);
    // A blue that is switched off by now is closed enough.
    const locked = await accountsLocked(blue, spec.wiki.appUser).catch(() => true);
    return there.exitCode === 0 && locked ? { file, gtid, dumpBytes } : undefined;
  },
  async remove() {},
};
