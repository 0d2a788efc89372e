import { readdirSync, readFileSync } from "node:fs";

export interface ProcessFacts {
  parent: number;
  /** Resident memory; pages that it shares with others count in full. */
  residentBytes: number;
}

/** Processes under `root`, itself included, by their ids, from /proc. */
export function processesUnder(root: number): Map<number, ProcessFacts> {
  const all = new Map<number, ProcessFacts>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const status = readFileSync(`/proc/${name}/status`, "utf8");
      all.set(Number(name), {
        parent: Number(/^PPid:\s+(\d+)/m.exec(status)?.[1] ?? 0),
        residentBytes: Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) * 1024,
      });
    } catch {
      // It ended between the listing and the reading.
    }
  }
  const descends = (pid: number): boolean => pid === root || (pid > 1 && descends(all.get(pid)?.parent ?? 0));
  return new Map([...all].filter(([pid]) => descends(pid)));
}
