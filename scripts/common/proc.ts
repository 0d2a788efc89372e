import { readdirSync, readFileSync } from "node:fs";

/** Whether a process has this number now; not whether it is the one that had it before (see `markOf`). */
export function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/**
 * One process, told from a later one of the same number: `<pid> <when it began>`, in clock ticks since the machine's
 * start (proc(5), `stat`, field 22; empty where there is no /proc).
 */
export function markOf(pid: number): string {
  const stat = read(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  // The program's name, field 2, is in parentheses and may hold any character.
  const fromThird = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return `${pid} ${fromThird[19] ?? ""}`;
}

/** The number of the process of a mark, while it lives. */
export function livingPid(mark: string): number | undefined {
  const pid = Number(mark.split(" ")[0]);
  return isAlive(pid) && markOf(pid) === mark ? pid : undefined;
}

/** Of all processes; none where there is no /proc. */
export function pids(): number[] {
  return read(() => readdirSync("/proc"), [] as string[])
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** Reads of a process, which may end, or be another account's, at any moment. */
export function read(get: () => string): string;
export function read<T>(get: () => T, otherwise: T): T;
export function read(get: () => unknown, otherwise: unknown = ""): unknown {
  try {
    return get();
  } catch {
    return otherwise;
  }
}
