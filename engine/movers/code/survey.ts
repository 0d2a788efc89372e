import { WikiferryError } from "../../errors";
import type { SshTarget } from "../../move";
import type { SshPool } from "../../runtime/ssh/pool";
import { quote } from "../../runtime/ssh/quote";
import { type Entry, entryFormat, fingerprintOf, parseEntries } from "./entries";
import { isWithin, outermost } from "./paths";
import {
  isCarriable,
  type Mount,
  mountsFor,
  type Named,
  type NotCarried,
  outwardTargets,
  type Wanted,
} from "./roots";

export interface CodeHost {
  ssh: SshTarget;
  pool: SshPool;
}

export interface SurveyLimits {
  /** Names of files and directories that are never carried, such as `.git`. */
  names: string[];
  /** More than this is not code, in bytes. */
  maxBytes: number;
}

/** Bookkeeping of version control, and packages that only developers need. */
export const defaultLimits: SurveyLimits = {
  names: [".git", ".svn", ".hg", "node_modules"],
  maxBytes: 2 * 1024 ** 3,
};

/** What there is to carry. */
export interface Survey {
  entries: Entry[];
  mounts: Mount[];
  bytes: number;
  notCarried: NotCarried[];
  /** Changes with any change of what is carried. */
  fingerprint: string;
}

/** Links may lead to places with more links. Each round follows one step, and blue's code rarely needs three. */
const maxRounds = 12;

/**
 * Lists what has to be carried: the wanted directories and files, and whatever the links in them name, wherever it is.
 * Reads no file and changes nothing.
 * @throws `CODE_UNREADABLE` where a wanted path can't be read or belongs to the system, `CODE_TOO_LARGE`
 */
export async function survey(host: CodeHost, wanted: Wanted, limits = defaultLimits): Promise<Survey> {
  const named = await look(host, [...wanted.directories, ...wanted.files]);
  for (const path of [...wanted.directories, ...wanted.files])
    requireCarriable(
      path,
      named.find((one) => one.path === path),
    );
  const leaveOut = [
    ...wanted.leaveOut,
    ...(await look(host, wanted.leaveOut)).filter(({ type }) => type === "directory").map(({ real }) => real),
  ];
  const notCarried: NotCarried[] = [];
  const entries = new Map<string, Entry>();
  const asked = new Set<string>();
  for (let round = 0; round < maxRounds; round++) {
    const roots = outermost(named.map(({ real }) => real));
    const fresh = roots.filter((root) => !entries.has(root));
    if (fresh.length === 0) break;
    for (const entry of await list(host, fresh, leaveOut, limits)) entries.set(entry.path, entry);
    const targets = outwardTargets([...entries.values()], roots, leaveOut);
    const found = await look(
      host,
      [...targets.keys()].filter((path) => !asked.has(path)),
    );
    for (const path of targets.keys()) asked.add(path);
    for (const one of found) {
      const link = targets.get(one.path) ?? "";
      if (leaveOut.some((directory) => isWithin(one.real, directory))) continue;
      if (isCarriable(one)) named.push(one);
      else notCarried.push({ path: link, target: one.path, why: "it belongs to the operating system" });
    }
  }
  const all = [...entries.values()];
  const bytes = all.reduce((sum, entry) => sum + (entry.type === "file" ? entry.bytes : 0), 0);
  requireSmall(all, bytes, limits);
  return { entries: all, mounts: mountsFor(named), bytes, notCarried, fingerprint: fingerprintOf(all) };
}

function requireCarriable(path: string, found: Named | undefined): void {
  if (!found) {
    throw new WikiferryError(
      "CODE_UNREADABLE",
      `blue's web host has no ${path} that the SSH user can read, and the wiki's code or settings name it`,
      "See whether it is there, and that the SSH user may read it",
    );
  }
  if (isCarriable(found)) return;
  throw new WikiferryError(
    "CODE_UNREADABLE",
    `${path} is a directory of the operating system (${found.real}), and can't be carried to green as the wiki's code`,
    "Give the wiki a directory of its own on blue, and let the web server's document root name that",
  );
}

function requireSmall(entries: readonly Entry[], bytes: number, { maxBytes }: SurveyLimits): void {
  if (bytes <= maxBytes) return;
  const sums = new Map<string, number>();
  for (const { path, type, bytes } of entries) {
    if (type !== "file") continue;
    const parent = path.slice(0, path.lastIndexOf("/"));
    sums.set(parent, (sums.get(parent) ?? 0) + bytes);
  }
  const largest = [...sums].sort(([, a], [, b]) => b - a).slice(0, 3);
  const gigabytes = (size: number) => `${(size / 1024 ** 3).toFixed(1)} GB`;
  throw new WikiferryError(
    "CODE_TOO_LARGE",
    `the wiki's code on blue has ${gigabytes(bytes)}, the limit is ${gigabytes(maxBytes)}; most of it lies in ${largest.map(([path, size]) => `${path} (${gigabytes(size)})`).join(", ")}`,
    "Move what the wiki doesn't need, such as backups and dumps, out of these directories",
  );
}

/** What these paths are; those that do not exist are left out. */
async function look(host: CodeHost, paths: string[]): Promise<Named[]> {
  if (paths.length === 0) return [];
  const script =
    'for p; do r=$(readlink -e -- "$p") || continue; [ -r "$r" ] || continue; ' +
    'if [ -d "$r" ]; then t=directory; elif [ -f "$r" ]; then t=file; else continue; fi; ' +
    'printf "%s\\0%s\\0%s\\0" "$p" "$r" "$t"; done';
  const output = await command(
    host,
    `xargs -0 -r sh -c ${quote(script)} sh`,
    `${[...new Set(paths)].join("\0")}\0`,
  );
  const fields = output.split("\0");
  const named: Named[] = [];
  for (let at = 0; at + 2 < fields.length; at += 3) {
    const [path = "", real = "", type = ""] = fields.slice(at, at + 3);
    named.push({ path, real, type: type as Named["type"] });
  }
  return named;
}

async function list(
  host: CodeHost,
  roots: string[],
  leaveOut: string[],
  { names }: SurveyLimits,
): Promise<Entry[]> {
  const either = (option: string, values: string[]) =>
    `\\( ${values.map((value) => `${option} ${quote(value)}`).join(" -o ")} \\)`;
  // find(1) takes the value of -path and -name as a pattern.
  const literal = (text: string) => text.replace(/[\\*?[]/g, "\\$&");
  const printed = `-printf ${quote(entryFormat)}`;
  const tests = [
    ...(names.length > 0 ? [`${either("-name", names.map(literal))} -prune`] : []),
    ...(leaveOut.length > 0 ? [`${either("-path", leaveOut.map(literal))} ${printed} -prune`] : []),
    printed,
  ];
  return parseEntries(await command(host, `find ${roots.map(quote).join(" ")} ${tests.join(" -o ")}`));
}

/** @throws `CODE_UNREADABLE` */
async function command({ ssh, pool }: CodeHost, text: string, stdin?: string): Promise<string> {
  const { exitCode, stdout, stderr } = await (await pool.to(ssh)).exec(text, stdin);
  if (exitCode === 0) return stdout;
  throw new WikiferryError(
    "CODE_UNREADABLE",
    `the wiki's code on ${ssh.host} can't be listed (exit code ${exitCode}): ${stderr.trim().slice(-300)}`,
    "See that the SSH user may read all of it",
  );
}
