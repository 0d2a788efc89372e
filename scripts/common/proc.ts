import { readdirSync, readFileSync } from "node:fs";

/** Whether a process has this number now. It may not be the one that had it before (see `markOf`). */
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
 * Identifies one process, as opposed to a later one with the same number: `<pid> <start time>`, in clock ticks since
 * the machine's start (proc(5), `stat`, field 22; empty where there is no /proc).
 */
export function markOf(pid: number): string {
  const stat = read(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  // The program's name, field 2, is in parentheses and may contain any character.
  const fromThird = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return `${pid} ${fromThird[19] ?? ""}`;
}

/** The number of a mark's process, while it lives. */
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

/** Reads data of a process, which may end at any moment, or belong to another account. */
export function read(get: () => string): string;
export function read<T>(get: () => T, otherwise: T): T;
export function read(get: () => unknown, otherwise: unknown = ""): unknown {
  try {
    return get();
  } catch {
    return otherwise;
  }
}
