import type { Side } from "../../../../move";
import { committed, isFenced, mayClose, mayFlip, mayOpen } from "../../fencing/conditions";
import { type Database, leaseFact } from "./database";
import type { Rules } from "./rules";

/** What a run may send to a server, by name. */
export type Statement =
  | "take the lease"
  | "fix the lease"
  | "fence"
  | "commit"
  | "open"
  | "close"
  | "change master"
  | "start the stream"
  | "follow"
  | "stop following"
  | "end the lease";

export interface Order {
  statement: Statement;
  side: Side;
  /** The run that sends it. */
  holder: string;
  epoch: number;
  /** The last transaction that the run knows; a commit is tied to it. */
  position: number;
}

/** The database after the statement; undefined if it refuses it. */
export function execute(database: Database, order: Order, rules: Rules): Database | undefined {
  const { side, holder, epoch, position } = order;
  const lease = leaseFact(database);
  const role = database.role;
  const mine = !rules.streamAsks || (lease.live && lease.holder === holder);
  switch (order.statement) {
    case "take the lease":
      if (lease.live && lease.holder !== holder) return undefined;
      return { ...database, lease: { holder, epoch, state: "live" } };
    case "fix the lease":
      if (!lease.live || lease.holder !== holder) return undefined;
      return { ...database, lease: { holder, epoch, state: "live" } };
    case "end the lease":
      if (lease.holder !== holder) return database;
      return { ...database, lease: { ...database.lease, state: "ended" } };
    case "fence":
      if (rules.leaseCounts ? !mayFlip(side, role, lease, holder) : role.role !== side) return undefined;
      return { ...database, readOnly: true };
    case "commit": {
      const may = rules.leaseCounts
        ? mayFlip(side, role, lease, holder)
        : role.role === side && role.epoch === epoch - 1;
      const isLast = !rules.looksAgain || database.log.length === position;
      if (!may || !isLast) return undefined;
      const after = committed(role);
      return { ...database, role: after, log: `${database.log}${after.epoch}` };
    }
    case "open": {
      if (!rules.openAsks) return { ...database, readOnly: false };
      if (!rules.openGivesUpTheFence && role.role === side) return { ...database, readOnly: false };
      let { lease: row } = database;
      if (row.state === "over") row = { ...row, state: "ended" };
      if (row.holder === holder) row = { ...row, epoch: 0 };
      const after = { ...database, lease: row };
      return mayOpen(side, role, leaseFact(after)) ? { ...after, readOnly: false } : undefined;
    }
    case "close":
      return mayClose(side, role) ? { ...database, readOnly: true } : undefined;
    case "change master":
      if (!mine) return undefined;
      return { ...database, source: true };
    case "start the stream":
      if (!mine) return undefined;
      return database.source ? { ...database, running: true } : undefined;
    case "follow":
      if (!mine) return undefined;
      return { ...database, source: true, running: true, received: database.log.length };
    case "stop following":
      if (!mine) return undefined;
      return { ...database, source: false, running: false, received: database.log.length };
  }
}

/** What a server does by itself every second. */
export function tick(side: Side, database: Database, rules: Rules): Database {
  const row =
    database.lease.state === "over" && rules.eventEndsTheLease
      ? { ...database.lease, state: "ended" as const }
      : database.lease;
  const after = { ...database, lease: row };
  if (mayClose(side, after.role)) return { ...after, readOnly: true };
  const mayStayOpen = rules.eventLeavesTheFence || !isFenced(after.role, leaseFact(after));
  const opens = mayOpen(side, after.role, leaseFact(after));
  return { ...after, readOnly: !opens && (after.readOnly || !mayStayOpen) };
}

/** What it does when it starts. */
export function start(side: Side, database: Database, rules: Rules): Database {
  const row =
    database.lease.state === "over" ? { ...database.lease, state: "ended" as const } : database.lease;
  const up = { ...database, lease: row, up: true, running: database.source, received: database.log.length };
  const { role } = up;
  if (!rules.fenceSurvives) return { ...up, readOnly: role.role !== side };
  return { ...up, readOnly: role.role !== side || isFenced(role, leaseFact(up)) };
}
