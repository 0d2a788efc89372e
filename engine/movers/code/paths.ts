import { posix } from "node:path";

/** Whether `path` is `directory` or lies below it. Both are absolute. */
export function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory === "/" ? "/" : `${directory}/`);
}

/** What a link at `path` names, as an absolute path, without following further links. */
export function targetOf(path: string, target: string): string {
  const resolved = posix.resolve(posix.dirname(path), target);
  return resolved.length > 1 ? resolved.replace(/\/$/, "") : resolved;
}

/** The directories among these that lie in no other one, sorted. */
export function outermost(paths: Iterable<string>): string[] {
  const sorted = [...new Set(paths)].sort();
  return sorted.filter((path) => !sorted.some((other) => other !== path && isWithin(path, other)));
}
