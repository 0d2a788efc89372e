import type { Server } from "../../../../runtime/mariadb/server";

/**
 * Green's settings during the copy. What a crash loses then is lost together with its record, so it is copied again: a
 * piece is one transaction with its record.
 */
const relaxed: Record<string, string> = {
  innodb_flush_log_at_trx_commit: "2",
  sync_binlog: "0",
  // The maximum: a row of blue's largest packet needs a little more in transit.
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

/** Settings that another version or a person has changed are left alone. */
export async function restore(green: Server, settings: Record<string, string>): Promise<void> {
  await set(green, Object.fromEntries(Object.entries(settings).filter(([name]) => name in relaxed)));
}

async function set(green: Server, settings: Record<string, string>): Promise<void> {
  for (const [name, value] of Object.entries(settings))
    await green.run(`SET GLOBAL ${name} = ${Number(value)}`);
}
