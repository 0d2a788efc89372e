import { otherSide, type Side } from "../../../../move";
import { isOpen } from "./database";
import type { Rules } from "./rules";
import { apply } from "./servers";
import { tick } from "./statements";
import type { World } from "./world";

/** What must hold in every world. Each returns what is wrong, or undefined. */
export const properties: Record<string, (world: World, rules: Rules) => string | undefined> = {
  /** Never two that accept writes. */
  "one writer": (world) =>
    isOpen(world.blue) && isOpen(world.green) ? "blue and green are both open" : undefined,

  /** Never an acknowledged write missing, or there twice, on a side that serves. */
  "no write is lost": (world) => {
    for (const side of sides) {
      if (!isOpen(world[side])) continue;
      for (const letter of world.acknowledged) {
        const times = world[side].log.split(letter).length - 1;
        if (times !== 1) return `${side} is open and has the acknowledged write ${letter} ${times} times`;
      }
    }
    return undefined;
  },

  /**
   * Once a side is named the primary, it lacks nothing but the transaction that says so. If the other side is lost for
   * good at that moment, no acknowledged write goes with it.
   */
  "only the commit is on its way": (world) => {
    for (const side of sides) {
      const { log } = world[side];
      const named = committedAt(log);
      const other = world[otherSide(side)].log;
      if (other.length < named) return `${side} committed "${log}" while the other had "${other}" only`;
    }
    return undefined;
  },

  /**
   * The wiki is never without a primary for longer than a lease takes to end and an event to run, while there could be
   * one: if every operator is dead from here on, the servers open one by themselves. The side that the newest record
   * names could be it if it is up and knows of it, or if the other one is up and can tell it.
   */
  "someone serves": (world, rules) => {
    const later = leftAlone(world, rules);
    const newest = later.blue.role.epoch >= later.green.role.epoch ? later.blue.role : later.green.role;
    const chosen = later[newest.role];
    const knows = chosen.role.epoch === newest.epoch;
    if (!chosen.up || (!knows && !later[otherSide(newest.role)].up)) return undefined;
    if (isOpen(chosen)) return undefined;
    return `left alone, ${newest.role} stays closed, though the record of epoch ${newest.epoch} names it`;
  },

  /** If nothing goes wrong, no write meets a closed server: writes are held before, and released after. */
  "nobody notices": ({ calm, gate, ...world }) =>
    calm && !gate.held && !isOpen(world[gate.to])
      ? `writes are not held, and ${gate.to}, to which they go, is closed`
      : undefined,

  /** From a flip on, the new primary's writes reach the old one: the stream exists before anything depends on it. */
  "a way back": (world) => {
    for (const side of sides) {
      const passive = world[otherSide(side)];
      if (!isOpen(world[side]) || world[side].role.epoch === 0 || !passive.up) continue;
      if (!(passive.source && passive.running))
        return `${side} is open and ${otherSide(side)} does not follow it`;
    }
    return undefined;
  },
};

/** Position of the last commit in a log; -1 if there is none. */
function committedAt(log: string): number {
  for (let at = log.length - 1; at >= 0; at--) if (log.charCodeAt(at) <= "9".charCodeAt(0)) return at;
  return -1;
}

const sides: readonly Side[] = ["blue", "green"];

/** The world some seconds later, if nobody acts: leases are over, streams have drained, events have run. */
function leftAlone(world: World, rules: Rules): World {
  let now = world;
  for (let round = 0; round < 3; round++) {
    for (const side of sides) {
      let database = now[side];
      if (database.lease.state === "live")
        database = { ...database, lease: { ...database.lease, state: "over" } };
      const other = now[otherSide(side)];
      const reach = database.running && other.up ? other.log.length : database.received;
      while (
        database.up &&
        database.running &&
        database.log.length < reach &&
        other.log.startsWith(database.log)
      )
        database = apply(database, other);
      if (database.up && rules.hasEvent) database = tick(side, database, rules);
      now = { ...now, [side]: database };
    }
  }
  return now;
}
