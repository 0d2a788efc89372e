import { adoptedDirectory, dropInName } from "../../movers/mariadb/adopt/changes";
import { putHostFile } from "../../runtime/ssh/hostFile";
import { quote } from "../../runtime/ssh/quote";
import type { Deposit, DepositMove, DepositSpec } from "./deposit";

/** Path of the settings file that adoption adds. */
export function settingsFile({ blue }: DepositSpec): string {
  return `${blue.database.configDirectory}/${dropInName}`;
}

/** The file, and drafts of it that a killed run left behind. */
const allOf = (spec: DepositSpec) =>
  `${quote(settingsFile(spec))} ${quote(spec.blue.database.configDirectory)}/.wikiferry-draft.??????`;

const onDatabaseHost = (spec: DepositSpec, path: string) => `${spec.blue.database.ssh.host}:${path}`;

const ssh = ({ spec, pool }: DepositMove) => pool.to(spec.blue.database.ssh);

/** On a retired blue: keeps it closed whatever becomes of the records in it. */
const closedSettings = [
  "# Written by wikiferry: the wiki has moved, and this server is kept closed as its archive. Without this file it opens at its next start.",
  "[mysqld]",
  "read_only = ON",
  "",
].join("\n");

/** Keeps only the settings that keep blue closed. The others end with its next restart. */
export async function keepClosed(move: DepositMove): Promise<void> {
  await putHostFile(await ssh(move), settingsFile(move.spec), closedSettings, "0644 root:root");
}

export const settings: Deposit = {
  name: "settings file",
  side: "blue",
  where: (spec) => onDatabaseHost(spec, settingsFile(spec)),
  async see(move) {
    const said = await (await ssh(move)).run(
      `for f in ${allOf(move.spec)}; do [ ! -e "$f" ] || cat "$f"; done`,
    );
    if (said === "") return undefined;
    const lines = said.split("\n").filter((line) => /^\w+ = /.test(line));
    return lines.length === 0 ? "no settings" : lines.map((line) => line.replace(" = ", "=")).join(" ");
  },
  async take(move) {
    await (await ssh(move)).run(`rm -f ${allOf(move.spec)}`);
  },
  staysRetired: "read_only = ON in it keeps blue closed through a restart",
  byHand: (spec) => `rm ${settingsFile(spec)}`,
};

/** Removed after `settings`: a server whose settings name a missing start-up rule does not start. */
export const certificates: Deposit = {
  name: "certificates and start-up rule",
  side: "blue",
  where: (spec) => onDatabaseHost(spec, adoptedDirectory),
  async see(move) {
    const names = (await (await ssh(move)).run(`ls -A ${adoptedDirectory} 2>/dev/null || true`)).split("\n");
    const found = names.filter((name) => name !== "");
    if (found.length > 0) return found.join(" ");
    const there = await (await ssh(move)).exec(`test -e ${adoptedDirectory}`);
    return there.exitCode === 0 ? "empty" : undefined;
  },
  async take(move) {
    const file = quote(settingsFile(move.spec));
    await (await ssh(move)).run(
      `if grep -qs '^init_file' ${file}; then echo 'the settings file still names them' >&2; exit 1; fi; rm -rf ${adoptedDirectory}`,
    );
  },
  byHand: () => `rm -r ${adoptedDirectory} (after the settings file)`,
};
