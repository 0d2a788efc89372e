import type { Server } from "../../server";

/**
 * Green's settings while it takes the copy. What it loses by a crash then is lost with the record of it, so that it is
 * copied again; a piece is one transaction with its record.
 */
const relaxed: Record<string, string> = {
  innodb_flush_log_at_trx_commit: "2",
  sync_binlog: "0",
  // The largest that there is: a row of blue's largest packet takes a little more on its way.
  max_allowed_packet: String(1024 * 1024 * 1024),
};

export async function currentSettings(green: Server): Promise<Record<string, string>> {
  const names = Object.keys(relaxed);
  const row = await green.row<Record<string, string | number>>(
    `SELECT ${names.map((name) => `@@GLOBAL.${name} AS ${name}`).join(", ")}`,
  );
  return Object.fromEntries(names.map((name) => [name, String(row?.[name])]));
}

export async function relax(green: Server): Promise<void> {
  await set(green, relaxed);
}

/** Settings of a version or a hand that knows others are left alone. */
export async function restore(green: Server, settings: Record<string, string>): Promise<void> {
  await set(green, Object.fromEntries(Object.entries(settings).filter(([name]) => name in relaxed)));
}

async function set(green: Server, settings: Record<string, string>): Promise<void> {
  for (const [name, value] of Object.entries(settings))
    await green.run(`SET GLOBAL ${name} = ${Number(value)}`);
}
