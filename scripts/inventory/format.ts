import type { Inventory } from "../../engine/apps/mediawiki/inventory/types";
import { count, size, some } from "../../engine/format";

const width = 12;

/** The inventory for people: some twenty lines, then what was found. */
export function formatInventory(inventory: Inventory): string {
  const { host, mediawiki, php, webServer, database, uploads, findings } = inventory;
  const site = webServer.sites[webServer.site];
  const atLeast = (it: { files: number; bytes: number; atLeast: boolean }) =>
    `${it.atLeast ? "at least " : ""}${some(it.files, "file")}, ${size(it.bytes)}`;
  const names = (components: { name: string; version: string }[]) =>
    components.map(({ name, version }) => (version === "" ? name : `${name} ${version}`)).join(", ") ||
    "none";
  const moving = database.databases.filter(({ moves }) => moves);
  const others = database.databases.filter(({ moves }) => !moves);
  const lines: [string, string][] = [
    ["host", `${host.name}, ${host.os} ${host.release}, ${host.architecture}`],
    [
      "wiki",
      `MediaWiki ${mediawiki.version}, "${mediawiki.sitename}" (${mediawiki.language})${mediawiki.anonymousRead ? "" : ", private"}`,
    ],
    ["address", `${mediawiki.server}${mediawiki.articlePath}, scripts under ${mediawiki.scriptPath || "/"}`],
    ["code", `${mediawiki.directory}, ${atLeast(mediawiki.code)}`],
    ["settings", inventory.includedFiles.map(({ realPath }) => realPath).join(", ")],
    ["extensions", names(mediawiki.extensions)],
    ["skins", names(mediawiki.skins)],
    [
      "php",
      `${php.version}, ${php.sapi}, ${some(php.modules.length, "module")}, memory_limit ${php.limits.memory_limit ?? "?"}, upload_max_filesize ${php.limits.upload_max_filesize ?? "?"}`,
    ],
    [
      "web server",
      `${webServer.kind} ${webServer.version}, PHP as ${webServer.user.name} (${webServer.user.uid})${site ? `, ${site.name || "(no name)"} in ${site.file}:${site.fromLine}` : ""}`,
    ],
    ["root", webServer.documentRoot],
    [
      "database",
      `${database.version || "no answer"} at ${database.socket || `${database.server}:${database.port}`}, ${moving.map(({ name, bytes }) => `${name} ${size(bytes)}`).join(", ") || database.name}${others.length > 0 ? `; stays: ${others.map(({ name }) => name).join(", ")}` : ""}`,
    ],
    [
      "uploads",
      `${uploads.directory}, ${atLeast(uploads)}${uploads.recorded >= 0 ? `, ${count(uploads.recorded)} recorded` : ""}${uploads.mount === "" ? "" : `, from ${uploads.mount}`}`,
    ],
    [
      "programs",
      inventory.programs
        .filter(({ used }) => used)
        .map(({ name, exists }) => `${name}${exists ? "" : " (missing)"}`)
        .join(", ") || "none",
    ],
    [
      "jobs",
      inventory.jobs
        .filter(({ active }) => active)
        .map(({ source, schedule }) => `${source}${schedule === "" ? "" : ` (${schedule})`}`)
        .join(", ") || "none",
    ],
    [
      "mail",
      inventory.mail.enabled
        ? inventory.mail.transport === "smtp"
          ? `by ${inventory.mail.smtp}`
          : `by ${inventory.mail.sendmailPath}`
        : "none",
    ],
  ];
  const told = findings.flatMap(({ code, level, message, remedy }) => [
    "",
    `${level.padEnd(width)}${code}: ${message}.`,
    `${" ".repeat(width)}${remedy}.`,
  ]);
  return `${[...lines.map(([name, text]) => `${name.padEnd(width)}${text}`), ...told].join("\n")}\n`;
}
