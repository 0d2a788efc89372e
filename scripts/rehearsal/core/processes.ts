import { readFileSync } from "node:fs";
import { pids, read } from "../../common/proc";

export interface ProcessFacts {
  parent: number;
  /** Resident memory; pages that it shares with others count in full. */
  residentBytes: number;
}

/** Processes under `root`, itself included, by their ids, from /proc. */
export function processesUnder(root: number): Map<number, ProcessFacts> {
  const all = new Map(pids().map((pid) => [pid, factsOf(pid)] as const));
  const descends = (pid: number): boolean => pid === root || (pid > 1 && descends(all.get(pid)?.parent ?? 0));
  return new Map([...all].filter(([pid]) => descends(pid)));
}

function factsOf(pid: number): ProcessFacts {
  const status = read(() => readFileSync(`/proc/${pid}/status`, "utf8"));
  return {
    parent: Number(/^PPid:\s+(\d+)/m.exec(status)?.[1] ?? 0),
    residentBytes: Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) * 1024,
  };
}
