import { WikiferryError } from "../../errors";
import {
  type CheckpointStore,
  type ControlStore,
  commitRefused,
  type JournalStore,
  type Lease,
  type LeaseStore,
  type LeaseWish,
  leaseLost,
  type RoleRecord,
  type RoleStore,
} from "../store";
import { type Clock, systemClock } from "./clock";
import { EntryLog } from "./entryLog";
import { type LeaseEntry, leaseAt, type State } from "./state";

export interface FileStoreOptions {
  /** Defaults to the machine's. */
  clock?: Clock;
  /** How many entries may be superseded before the log is rewritten without them. Defaults to 1,000. */
  compactAfter?: number;
}

/**
 * A control store in a directory, for moves without a database. The first write creates it, with mode 0700, its files
 * with 0600. Each write is on disk when it returns. Processes of one machine may use it at the same time, in containers
 * too. A network file system is not suitable.
 */
export function openFileStore(
  directory: string,
  { clock = systemClock, compactAfter = 1_000 }: FileStoreOptions = {},
): ControlStore {
  const log = new EntryLog(directory, compactAfter);
  return {
    lease: leaseStore(log, clock),
    role: roleStore(log, clock),
    checkpoints: checkpointStore(log, clock),
    journal: journalStore(log, clock),
  };
}

function leaseStore(log: EntryLog, clock: Clock): LeaseStore {
  const entry = (wish: LeaseWish): LeaseEntry => ({
    kind: "lease",
    ...wish,
    bootId: clock.bootId,
    fromMs: clock.sinceBootMs(),
  });
  const leaseIn = ({ lease }: State) => lease && leaseAt(lease, clock);
  return {
    async read() {
      return leaseIn(await log.state());
    },
    async take({ holder, purpose, epoch, durationMs }) {
      let taken: LeaseEntry | undefined;
      let other: Lease | undefined;
      await log.change((state) => {
        const now = leaseIn(state);
        other = now && now.holder !== holder && now.leftMs > 0 ? now : undefined;
        taken = other ? undefined : entry({ holder, purpose, epoch, durationMs });
        return taken;
      });
      if (!taken) return other;
      // The disk may have been slow.
      const now = leaseAt(taken, clock);
      return now.leftMs > 0 ? undefined : now;
    },
    async renew(holder, durationMs, aim) {
      await log.change((state) => {
        const now = leaseIn(state);
        if (!now || now.holder !== holder || now.leftMs <= 0) throw leaseLost(holder, log.directory, now);
        return entry({ holder, purpose: now.purpose, epoch: now.epoch, ...aim, durationMs });
      });
    },
    async release(holder) {
      await log.change((state) => {
        const now = leaseIn(state);
        if (!now || now.holder !== holder || now.leftMs <= 0) return undefined;
        return entry({ holder, purpose: now.purpose, epoch: now.epoch, durationMs: 0 });
      });
    },
  };
}

function roleStore(log: EntryLog, clock: Clock): RoleStore {
  return {
    async read() {
      return (await log.state()).role;
    },
    async init({ name, role }) {
      let record: RoleRecord | undefined;
      await log.change((state) => {
        record = state.role ?? { name, role, epoch: 0, changedAt: utc(clock) };
        if (record.name !== name) throw otherMove(log.directory, record.name, name);
        return state.role ? undefined : { kind: "role", ...record };
      });
      return record as unknown as RoleRecord;
    },
    async commit(expected, { role, holder }) {
      let record: RoleRecord | undefined;
      await log.change((state) => {
        const now = state.role;
        const lease = state.lease && leaseAt(state.lease, clock);
        const may =
          now?.role === expected.role &&
          now.epoch === expected.epoch &&
          lease?.holder === holder &&
          lease.epoch === expected.epoch + 1 &&
          lease.leftMs > 0;
        if (!may) throw commitRefused(log.directory, { role, epoch: expected.epoch, holder }, now);
        record = { name: now.name, role, epoch: now.epoch + 1, changedAt: utc(clock) };
        return { kind: "role", ...record };
      });
      return record as unknown as RoleRecord;
    },
  };
}

function checkpointStore(log: EntryLog, clock: Clock): CheckpointStore {
  return {
    async get(name) {
      return (await log.state()).checkpoints.get(name);
    },
    async set(name, { state, position = "", detail = {} }) {
      await log.change(() => ({
        kind: "checkpoint",
        of: name,
        state,
        position,
        detail,
        updatedAt: utc(clock),
      }));
    },
  };
}

function journalStore(log: EntryLog, clock: Clock): JournalStore {
  return {
    async append(entry) {
      const at = new Date(clock.now()).toISOString();
      await log.change(() => ({ kind: "journal", at, ...entry }));
    },
    async read() {
      return (await log.state()).journal;
    },
  };
}

function utc(clock: Clock): string {
  return new Date(clock.now()).toISOString().replace("T", " ").replace("Z", "");
}

function otherMove(directory: string, found: string, wanted: string): WikiferryError {
  return new WikiferryError(
    "CTRL_OTHER_MOVE",
    `${directory} belongs to the move of ${found}, not ${wanted}`,
    "Give this move a separate directory, or set its name to the one that the move started with",
  );
}
