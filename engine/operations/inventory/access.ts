import { size } from "../../format";
import { fileSyncMark } from "../../movers/files/authorization";
import { sweepBackups } from "../../movers/mariadb/copy/physical/backupSession";
import { editAuthorizedKeys } from "../../runtime/ssh/hostFile";
import { quote } from "../../runtime/ssh/quote";
import type { Deposit } from "./deposit";

const keyLine = (mark: string) => `grep -c ' ${mark}$' ~/.ssh/authorized_keys 2>/dev/null || true`;

/** File-sync's key. */
export const fileSyncKey: Deposit = {
  name: "file-sync's key",
  side: "blue",
  where: ({ blue: { files } }) => `${files.ssh.host}:~${files.ssh.user}/.ssh/authorized_keys`,
  async see({ spec, pool }) {
    const lines = await (await pool.to(spec.blue.files.ssh)).run(keyLine(fileSyncMark));
    return Number(lines) > 0 ? "a line wikiferry-file-sync: rsync of the uploads" : undefined;
  },
  async take({ spec, pool }) {
    await editAuthorizedKeys(await pool.to(spec.blue.files.ssh), fileSyncMark);
  },
  byHand: () => "take the line that ends with wikiferry-file-sync out of it",
};

/** What a copy by files needs while it runs. A killed copy may leave it behind. */
export const copyAccess: Deposit = {
  name: "access of a copy by files",
  side: "blue",
  where: ({ blue: { database } }) =>
    `${database.ssh.host}:~${database.ssh.user}/.ssh/authorized_keys, /tmp/wikiferry-backup.*`,
  async see({ spec, pool }) {
    const ssh = await pool.to(spec.blue.database.ssh);
    const lines = Number(await ssh.run(keyLine("wikiferry-copy")));
    const folders = (await ssh.run("ls -d /tmp/wikiferry-backup.* 2>/dev/null || true")).trim();
    if (lines === 0 && folders === "") return undefined;
    return [lines > 0 ? "a line wikiferry-copy" : "", folders.replace(/\n/g, " ")].filter(Boolean).join(", ");
  },
  async take({ spec, pool }) {
    await sweepBackups(await pool.to(spec.blue.database.ssh));
  },
  byHand: () => "take the line that ends with wikiferry-copy out of it; rm -r /tmp/wikiferry-backup.*",
};

const trimmed = (directory: string) => directory.replace(/\/+$/, "");

/** Uploads that a push was in the middle of: parts of files that are complete on green. */
export const partialUploads: Deposit = {
  name: "partial uploads",
  side: "blue",
  where: ({ blue: { files } }) => `${files.ssh.host}:${trimmed(files.directory)}/**/.wikiferry-partial`,
  async see({ spec, pool }) {
    const { ssh, directory } = spec.blue.files;
    // Hashed directories are at most four deep.
    const found = await (await pool.to(ssh)).run(
      `find ${quote(directory)} -maxdepth 5 -type d -name .wikiferry-partial 2>/dev/null | wc -l`,
    );
    return Number(found) > 0 ? `${found.trim()} directories` : undefined;
  },
  async take({ spec, pool }) {
    const { ssh, directory } = spec.blue.files;
    await (await pool.to(ssh)).run(
      `[ ! -d ${quote(directory)} ] || find ${quote(directory)} -maxdepth 5 -type d -name .wikiferry-partial -prune -exec rm -rf {} +`,
    );
  },
  byHand: ({ blue: { files } }) =>
    `find ${files.directory} -type d -name .wikiferry-partial -prune -exec rm -r {} +`,
};

/** Uploads that green replaced or deleted while it served. */
export const replacedUploads: Deposit = {
  name: "replaced uploads",
  side: "blue",
  where: ({ blue: { files } }) => `${files.ssh.host}:${trimmed(files.directory)}/.wikiferry-replaced`,
  async see({ spec, pool }) {
    const { ssh, directory } = spec.blue.files;
    const place = quote(`${trimmed(directory)}/.wikiferry-replaced`);
    const found = (
      await (
        await pool.to(ssh)
      ).run(`[ ! -d ${place} ] || { find ${place} -type f | wc -l; du -sb ${place} | cut -f1; }`)
    ).trim();
    if (found === "") return undefined;
    const [files, bytes] = found.split(/\s+/).map(Number);
    return `${files} files, ${size(bytes ?? 0)}`;
  },
  async take({ spec, pool }) {
    const { ssh, directory } = spec.blue.files;
    await (await pool.to(ssh)).run(`rm -rf ${quote(`${trimmed(directory)}/.wikiferry-replaced`)}`);
  },
  staysRetired: "blue's own uploads, as they were before green replaced or deleted them",
  askedFor: "--remove-replaced",
  byHand: ({ blue: { files } }) => `rm -r ${trimmed(files.directory)}/.wikiferry-replaced`,
};
