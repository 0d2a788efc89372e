import { otherSide, type Side } from "../../../../move";
import { type Database, isOpen } from "./database";
import type { Rules } from "./rules";
import { execute, type Order, start, tick } from "./statements";
import type { Letter, World } from "./world";

/** One thing that can happen next: a description, and the world after it. */
export type Add = (label: string, after: World | undefined) => void;

const letters = "abcdefgh";

/** Bound on the statements under way at once; without it the search would not end. */
const maxLetters = 2;

/** What can happen on one server: its clock, crash and start, its event, a writer, its replication threads. */
export function ofServer(world: World, side: Side, rules: Rules, add: Add): void {
  ofClock(world, side, add);
  if (!world[side].up) {
    add(`${side}: starts`, { ...world, [side]: start(side, world[side], rules) });
    return;
  }
  ofCrash(world, side, add);
  if (rules.hasEvent) ofEvent(world, side, rules, add);
  ofWriter(world, side, add);
  ofStream(world, side, add);
}

/** The world with one more statement under way; undefined when the bound is reached. */
export function posted(world: World, letter: Letter): World | undefined {
  if (world.letters.length >= maxLetters) return undefined;
  return { ...world, letters: [...world.letters, letter] };
}

/** A statement under way arrives. A refusal changes nothing. */
export function arrives(world: World, letter: Letter, rules: Rules): World {
  const rest = { ...world, letters: world.letters.filter((other) => other !== letter) };
  const database = world[letter.side];
  const after =
    letter.holder === "event" ? { ...database, readOnly: false } : execute(database, letter, rules);
  return after ? { ...rest, [letter.side]: after } : rest;
}

/** Applies the next transaction of the other's log. A commit changes the record. */
export function apply(database: Database, other: Database): Database {
  const transaction = other.log[database.log.length] as string;
  const epoch = Number(transaction);
  const role = Number.isNaN(epoch)
    ? database.role
    : { epoch, role: (epoch % 2 === 0 ? "blue" : "green") as Side };
  return { ...database, log: database.log + transaction, role };
}

function ofClock(world: World, side: Side, add: Add): void {
  const database = world[side];
  const { lease } = database;
  const { budget } = world;
  const inState = (state: "live" | "over", rest: Partial<World> = {}): World => ({
    ...world,
    ...rest,
    [side]: { ...database, lease: { ...lease, state } },
  });
  if (lease.state === "live" && budget.slowness) add(`${side}: the lease is over`, inState("over"));
  if (lease.state === "over" && budget.clocks > 0)
    add(
      `${side}: the clock is set back`,
      inState("live", { budget: { ...budget, clocks: budget.clocks - 1 } }),
    );
}

function ofCrash(world: World, side: Side, add: Add): void {
  const { budget } = world;
  if (budget.crashes === 0) return;
  add(`${side}: crashes`, {
    ...world,
    [side]: { ...world[side], up: false, running: false },
    budget: { ...budget, crashes: budget.crashes - 1 },
    letters: world.letters.filter((letter) => letter.side !== side),
  });
}

function ofEvent(world: World, side: Side, rules: Rules, add: Add): void {
  const database = world[side];
  const after = tick(side, database, rules);
  const opens = isOpen(after) && !isOpen(database);
  if (opens && !rules.eventIsOne) {
    const late: Order = { holder: "event", statement: "open", side, epoch: 0, position: 0 };
    add(
      `${side}: the event decides to open`,
      posted({ ...world, [side]: { ...after, readOnly: true } }, late),
    );
    return;
  }
  if (after.readOnly === database.readOnly && after.lease.state === database.lease.state) return;
  const what = opens ? "opens" : isOpen(database) && !isOpen(after) ? "closes" : "ends the lease";
  add(`${side}: the event ${what}`, { ...world, [side]: after });
}

function ofWriter(world: World, side: Side, add: Add): void {
  const { budget, acknowledged } = world;
  if (!isOpen(world[side]) || budget.writes === 0) return;
  const letter = letters[acknowledged.length] as string;
  add(`${side}: acknowledges write ${letter}`, {
    ...world,
    [side]: { ...world[side], log: world[side].log + letter },
    acknowledged: acknowledged + letter,
    budget: { ...budget, writes: budget.writes - 1 },
  });
}

function ofStream(world: World, side: Side, add: Add): void {
  const database = world[side];
  const other = world[otherSide(side)];
  if (!database.running || !other.log.startsWith(database.log)) return;
  if (other.up && database.received < other.log.length)
    add(`${side}: receives`, { ...world, [side]: { ...database, received: database.received + 1 } });
  if (database.log.length < database.received)
    add(`${side}: applies`, { ...world, [side]: apply(database, other) });
}
