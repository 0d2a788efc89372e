import type { Checkpoint, JournalRecord, Lease, RoleRecord } from "../store";
import type { Clock } from "./clock";
import type { Link } from "./log";

export interface LeaseEntry {
  kind: "lease";
  holder: string;
  purpose: string;
  epoch: number;
  bootId: string;
  /** By `Clock.sinceBootMs`. */
  fromMs: number;
  durationMs: number;
}

/** The content of a log. `id` distinguishes identical entries of two writers. */
export type Entry = { id: string } & (
  | { kind: "begin"; version: number }
  | LeaseEntry
  | ({ kind: "role" } & RoleRecord)
  | ({ kind: "checkpoint"; of: string } & Checkpoint)
  | ({ kind: "journal" } & JournalRecord)
  /** Nothing after it counts: the log continues in the next file. */
  | { kind: "end" }
);

/** An earlier entry has its id. */
export type NewEntry = Entry extends infer Each ? (Each extends Entry ? Omit<Each, "id"> : never) : never;

export const version = 1;

/** The state after the entries. */
export interface State {
  lease: LeaseEntry | undefined;
  role: RoleRecord | undefined;
  checkpoints: Map<string, Checkpoint>;
  journal: JournalRecord[];
  ended: boolean;
  /** Entries that later ones superseded. */
  superseded: number;
}

/** Pure. */
export function fold(links: readonly Link<Entry>[]): State {
  const state: State = {
    lease: undefined,
    role: undefined,
    checkpoints: new Map(),
    journal: [],
    ended: false,
    superseded: 0,
  };
  for (const { record } of links) apply(state, record);
  state.superseded = links.length - entriesOf(state).length;
  return state;
}

function apply(state: State, { id: _, ...entry }: Entry): void {
  switch (entry.kind) {
    case "lease":
      state.lease = entry;
      return;
    case "role": {
      const { kind, ...role } = entry;
      state.role = role;
      return;
    }
    case "checkpoint": {
      const { kind, of, ...checkpoint } = entry;
      state.checkpoints.set(of, checkpoint);
      return;
    }
    case "journal": {
      const { kind, ...record } = entry;
      state.journal.push(record);
      return;
    }
    case "end":
      state.ended = true;
  }
}

/** The fewest entries that lead to this state. Pure. */
export function entriesOf(state: State): NewEntry[] {
  return [
    { kind: "begin", version },
    ...(state.lease ? [state.lease] : []),
    ...(state.role ? [{ kind: "role" as const, ...state.role }] : []),
    ...[...state.checkpoints].map(([of, checkpoint]) => ({ kind: "checkpoint" as const, of, ...checkpoint })),
    ...state.journal.map((record) => ({ kind: "journal" as const, ...record })),
  ];
}

/**
 * What is left of a lease. It is measured by the machine's time since boot, which setting a clock does not change. A
 * lease of an earlier boot has ended with its holder. Pure.
 */
export function leaseAt(entry: LeaseEntry, clock: Pick<Clock, "bootId" | "sinceBootMs">): Lease {
  const { holder, purpose, epoch, bootId, fromMs, durationMs } = entry;
  const passedMs = clock.sinceBootMs() - fromMs;
  const leftMs = bootId === clock.bootId && passedMs >= 0 ? durationMs - passedMs : 0;
  return { holder, purpose, epoch, leftMs };
}
