import type { Entry } from "./entries";
import { isWithin, outermost, targetOf } from "./paths";

/** What to begin with. All paths are absolute, on blue. */
export interface Wanted {
  /** MediaWiki's directory and the document root, as settings and web server name them. */
  directories: string[];
  /** Files outside of them: the settings, what they include, files that the web server's configuration names. */
  files: string[];
  /** Uploads, caches, temporary directories: carried as empty directories. */
  leaveOut: string[];
}

/** One path as it is named, and what it is on blue. */
export interface Named {
  path: string;
  /** Without symbolic links. */
  real: string;
  type: "file" | "directory";
}

/** What appears on green at `path`: the carried `real` one. They differ where `path` is reached by a link on blue. */
export interface Mount {
  path: string;
  real: string;
}

/** Something that a link names and that is not carried. */
export interface NotCarried {
  path: string;
  target: string;
  why: string;
}

/** Directories that belong to the operating system: one of these is never carried as a whole. */
const systemDirectories =
  /^\/(|bin|boot|dev|etc|home|lib\w*|media|mnt|opt|proc|root|run|sbin|srv|sys|tmp|usr|var|usr\/(bin|lib\w*|libexec|local|sbin|share)|usr\/local\/(bin|etc|lib|sbin|share)|var\/(cache|lib|log|run|spool|tmp)|etc\/(apache2|httpd|nginx|php|ssl|ssh))$/;

/** Where programs and devices live. What is there comes with green's image. */
const ofTheSystem = /^\/(bin|boot|dev|lib\w*|proc|run|sbin|sys|usr\/(bin|lib\w*|libexec|sbin))(\/|$)/;

/** Whether a directory may be carried as a whole. */
export function isCarriable({ real, type }: Pick<Named, "real" | "type">): boolean {
  if (ofTheSystem.test(real)) return false;
  return type === "file" || !systemDirectories.test(real);
}

/** Outside paths that the links of these entries name, each with the first link that names it. */
export function outwardTargets(
  entries: readonly Entry[],
  roots: readonly string[],
  leaveOut: readonly string[],
): Map<string, string> {
  const targets = new Map<string, string>();
  for (const { type, path, target } of entries) {
    if (type !== "link") continue;
    const named = targetOf(path, target);
    if ([...roots, ...leaveOut].some((directory) => isWithin(named, directory))) continue;
    if (!targets.has(named)) targets.set(named, path);
  }
  return targets;
}

/**
 * The mounts that put what is carried at the paths by which blue names it. A path below another mount needs none: it is
 * there already, as the thing itself or as a link.
 */
export function mountsFor(named: readonly Named[]): Mount[] {
  const real = outermost(named.map((one) => one.real));
  const mounts: Mount[] = real.map((path) => ({ path, real: path }));
  for (const { path, real: to } of named) {
    if (real.some((root) => isWithin(path, root))) continue;
    if (!mounts.some((mount) => mount.path === path)) mounts.push({ path, real: to });
  }
  return mounts.sort((a, b) => (a.path < b.path ? -1 : 1));
}
