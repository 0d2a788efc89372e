import type { Server } from "../../../../runtime/mariadb/server";
import { quote } from "../../../../runtime/ssh/quote";
import { ownSchemas } from "../../neighbours";
import type { CopyContext } from "../context";
import { type PhysicalFacts, settingsInFiles } from "./conditions";
import { inGreen } from "./incoming";

/** Reads from both sides and their hosts. Never writes. */
export async function physicalFacts(ctx: CopyContext): Promise<PhysicalFacts> {
  const { blue, green, spec, pool } = ctx;
  const ssh = await pool.to(spec.blue.database.ssh);
  const [there, here, others, encrypted, toolOnBlue, toolOnGreen] = await Promise.all([
    variablesOf(blue),
    variablesOf(green),
    blue.rows<{ name: string }>(
      "SELECT schema_name AS name FROM information_schema.schemata WHERE schema_name NOT IN (?)",
      [[...ownSchemas, spec.wiki.database]],
    ),
    blue.value(
      "SELECT COUNT(*) FROM information_schema.innodb_tablespaces_encryption WHERE encryption_scheme <> 0",
    ),
    ssh.run(askTool),
    inGreen(ctx, askTool),
  ]);
  const directory = quote(there.datadir ?? "/var/lib/mysql");
  return {
    versions: { blue: there.version ?? "", green: here.version ?? "" },
    tools: { blue: toolOnBlue.trim(), green: toolOnGreen.trim() },
    readable: (await ssh.exec(`test -r ${directory}/ibdata1`)).exitCode === 0,
    otherDatabases: others.map((row) => row.name),
    variables: { blue: there, green: here },
    encrypted: Number(encrypted ?? 0) > 0,
  };
}

/** Exits with 0 even where it is missing. */
const askTool =
  "{ mariadb-backup --version || mariabackup --version; } 2>&1 | grep 'based on MariaDB' || true";

async function variablesOf(server: Server): Promise<Record<string, string>> {
  const rows = await server.rows<{ Variable_name: string; Value: string }>(
    "SHOW GLOBAL VARIABLES WHERE Variable_name IN (?)",
    [[...settingsInFiles, "version", "datadir"]],
  );
  return Object.fromEntries(rows.map((row) => [row.Variable_name, row.Value]));
}

/** Size of the files that mariadb-backup would read on blue: all except the binary and relay logs. Never writes. */
export async function bytesOnBlue(ctx: CopyContext): Promise<number> {
  const { blue, spec, pool } = ctx;
  const ssh = await pool.to(spec.blue.database.ssh);
  const row = await blue.row<Record<"directory" | "binlog" | "relay" | "redo", string | null>>(
    `SELECT @@GLOBAL.datadir AS directory, @@GLOBAL.log_bin_basename AS binlog, @@GLOBAL.relay_log_basename AS relay,
            @@GLOBAL.innodb_log_file_size AS redo`,
  );
  const excluded = [row?.binlog, row?.relay, "ib_logfile"]
    .filter((name) => typeof name === "string" && name !== "")
    .map((name) => `--exclude=${quote(`${String(name).split("/").at(-1)}*`)}`);
  const said = await ssh.run(
    `du -sb ${excluded.join(" ")} ${quote(row?.directory ?? "/var/lib/mysql")} | cut -f1`,
  );
  return Number(said.trim());
}
