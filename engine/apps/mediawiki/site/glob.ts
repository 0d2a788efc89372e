/** Whether a path matches a pattern of the shell's kind, as Apache's and nginx's `include` take it: `*` stops at `/`. */
export function matchesGlob(pattern: string, path: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|\\]/g, "\\$&")
    .replace(/\*/g, "[^/]*")
    .replace(/\?/g, "[^/]");
  return new RegExp(`^${source}$`).test(path);
}
