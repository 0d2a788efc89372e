import type { SettingsAnswer } from "./answer";
import type { PhpAnswer } from "./phpFacts";
import { linesOf } from "./sections";
import type { CodeFacts, Component, DatabaseFacts, Json, MailFacts, UploadFacts } from "./types";

type Settings = SettingsAnswer["settings"];

const object = (value: Json | undefined): Record<string, Json> =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};

/** A setting that is a text; empty where it is something else. */
export const textOf = (value: Json | undefined): string => (typeof value === "string" ? value : "");

export function componentsOf(answer: SettingsAnswer, skins: boolean): Component[] {
  return answer.components
    .filter(({ skin }) => skin === skins)
    .map(({ name, version, directory, manifest }) => ({ name, version, directory, manifest }))
    .sort((a, b) => a.name.localeCompare(b.name));
}

/** The database of the settings and of the server's own answer. */
export function databaseFacts({ settings, database, socket }: SettingsAnswer): DatabaseFacts {
  // $wgDBservers, where it is set, takes the place of $wgDBserver; the first is the primary.
  const servers = settings.wgDBservers;
  const first = object(Array.isArray(servers) ? servers[0] : undefined);
  const given = textOf(first.host) || textOf(settings.wgDBserver) || "localhost";
  const name = textOf(first.dbname) || textOf(settings.wgDBname);
  const [, host = given, port = "3306", path = ""] =
    /^(\[[^\]]+\]|[^:]*)(?::(\d+))?(?::(\/.*))?$/.exec(given) ?? [];
  const local = host === "" || host === "localhost";
  const naming = Object.entries(settings).filter(([setting]) =>
    /^(wgSharedDB|wg\w*DBname|wg\w*DBName|wg\w*Database)$/.test(setting),
  );
  return {
    type: textOf(first.type) || textOf(settings.wgDBtype) || "mysql",
    version: database.version,
    server: host || "localhost",
    port: Number(port),
    socket: path || (local ? socket : ""),
    hostname: database.hostname,
    name,
    user: textOf(first.user) || textOf(settings.wgDBuser),
    prefix: textOf(settings.wgDBprefix),
    databases: database.databases.map((it) => ({
      ...it,
      moves: it.name === name,
      namedBy: naming
        .filter(([, value]) => value === it.name)
        .map(([setting]) => setting)
        .filter((setting) => setting !== "wgDBname"),
    })),
  };
}

const networkTypes = /^(nfs\d?|cifs|smb3?|ceph|glusterfs|fuse\..*|lustre|9p)$/;

/** What a directory is mounted from; empty for a local disk. `mounts` is `/proc/self/mounts`. */
export function mountOf(directory: string, mounts: string): string {
  const fitting = linesOf(mounts)
    .map((line) => line.split(" "))
    .filter(
      ([, point = ""]) => directory === point || directory.startsWith(point === "/" ? "/" : `${point}/`),
    )
    .sort(([, a = ""], [, b = ""]) => b.length - a.length)[0];
  const [source = "", , type = ""] = fitting ?? [];
  return networkTypes.test(type) ? source : "";
}

/** Output of `sizesScript`'s counts: files, bytes and the code of find, 124 if it ran out of time. */
export function countIn(text: string): { files: number; bytes: number; atLeast: boolean } {
  const [files = 0, bytes = 0, code = 0] = text.trim().split(" ").filter(Boolean).map(Number);
  return { files, bytes, atLeast: code >= 124 };
}

export function linksIn(text: string): { path: string; target: string }[] {
  const links = linesOf(text).map((line) => {
    const [path = "", target = ""] = line.split("\t");
    return { path: path.replace(/\/+/g, "/"), target };
  });
  return [...new Map(links.map((link) => [link.path, link])).values()];
}

/** Links that lead out of the code. */
export function linksOut(links: CodeFacts["linksOut"], inside: readonly string[]): CodeFacts["linksOut"] {
  return links.filter(
    ({ target }) => !inside.some((root) => target === root || target.startsWith(`${root}/`)),
  );
}

/** Where files are kept: `$wgFileBackends`, and the local repository where it names a class of its own. */
export function backendsOf(settings: Settings): UploadFacts["backends"] {
  const given = Array.isArray(settings.wgFileBackends) ? settings.wgFileBackends.map(object) : [];
  const repository = object(settings.wgLocalFileRepo);
  const named = textOf(repository.backend);
  const used = given.filter(({ name }) => named === "" || textOf(name) === named || given.length === 1);
  return used.map((backend) => {
    const kind = textOf(backend.class) || "FSFileBackend";
    return { name: textOf(backend.name), class: kind, local: /(^|\\)FSFileBackend$/.test(kind) };
  });
}

export function mailFacts(settings: Settings, web: PhpAnswer, sendmailPath: string): MailFacts {
  const smtp = object(settings.wgSMTP);
  const host = textOf(smtp.host) || textOf(smtp.IDHost);
  return {
    enabled: settings.wgEnableEmail !== false,
    transport: Object.keys(smtp).length > 0 ? "smtp" : "sendmail",
    smtp: host === "" ? "" : `${host}${smtp.port === undefined ? "" : `:${smtp.port}`}`,
    sendmailPath,
    sendmailExists: web.sendmailExists,
  };
}
