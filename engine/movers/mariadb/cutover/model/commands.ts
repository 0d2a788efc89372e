import { primaryOf } from "../../../../control/primary";
import { otherSide, type Side } from "../../../../move";
import type { Command, Outcome } from "../protocol";
import { recoveryPlan, type Standing } from "../recoveryPlan";
import type { Database } from "./database";
import type { Rules } from "./rules";
import type { Order, Statement } from "./statements";
import type { Operator, World } from "./world";

/** One part of a command: what it reads, sends, or waits for. */
export type Part =
  /** Reads, and returns what it noted, or that the command fails. Undefined means that it keeps waiting. */
  | { read: (world: World, operator: Operator, rules: Rules) => Partial<Operator> | "fails" | undefined }
  | { send: (world: World, operator: Operator) => Order }
  | { gate: (world: World, operator: Operator) => World["gate"] };

const away = new Error("DB_UNREACHABLE: away");

/**
 * In an attempt, the side being left and the side that is to serve; in a recovery, the side that serves and the other
 * one.
 */
const primary = (o: Operator) => o.run?.primary as Side;
const passive = (o: Operator) => otherSide(primary(o));
const holderOf = (world: World, operator: Operator) =>
  `${world.operators.indexOf(operator)}${operator.runsLeft}`;

const send = (
  statement: Statement,
  side: (o: Operator) => Side,
  epoch: (o: Operator) => number = () => 0,
): Part => ({
  send: (world, o) => ({
    statement,
    side: side(o),
    holder: holderOf(world, o),
    epoch: epoch(o),
    position: o.position,
  }),
});

const read = (
  look: (world: World, o: Operator, rules: Rules) => Partial<Operator> | "fails" | undefined,
): Part => ({
  read: look,
});

/** Continues when the condition holds, fails when one of the sides that it asks is down, and otherwise waits. */
const wait = (sides: (o: Operator) => Side[], holds: (world: World, o: Operator) => boolean): Part =>
  read((world, o) => {
    if (sides(o).some((side) => !world[side].up)) return "fails";
    return holds(world, o) ? {} : undefined;
  });

/** Continues when the condition holds, and otherwise fails. */
const check = (
  sides: (o: Operator) => Side[],
  holds: (world: World, o: Operator, rules: Rules) => boolean,
): Part =>
  read((world, o, rules) =>
    sides(o).every((side) => world[side].up) && holds(world, o, rules) ? {} : "fails",
  );

const both = (): Side[] => ["blue", "green"];

function standing(database: Database): Standing {
  const position = `0-1-${database.log.length}`;
  return {
    readOnly: database.readOnly,
    locked: false,
    hasSource: database.source,
    follows: database.source && database.running,
    positions: { binlog: position, applied: position },
  };
}

/** A former primary that has what its source lacks is refused. */
const followParts = (replica: (o: Operator) => Side): Part[] => [
  check(both, (world, o) => world[otherSide(replica(o))].log.startsWith(world[replica(o)].log)),
  send("follow", replica),
];

/** A command is done once its parts are. */
export function partsOf(command: Command, rules: Rules): readonly Part[] {
  const found = parts[command];
  if (command !== "fence the primary" || rules.positionUnderTheFence) return found;
  return found.toReversed();
}

const parts: Record<Command, readonly Part[]> = {
  "find the primary": [
    read((world) => ({ seen: world.blue.up ? JSON.stringify(world.blue.role) : "away" })),
    read((world, o) => {
      const view = (text: string) =>
        text === "away" ? away : { ...JSON.parse(text), wiki: "", changedAt: "" };
      try {
        const found = primaryOf({
          blue: view(o.seen),
          green: view(world.green.up ? JSON.stringify(world.green.role) : "away"),
        });
        return { seen: found.side, epoch: found.epoch };
      } catch {
        return "fails";
      }
    }),
  ],
  "take the lease": [
    wait(
      (o) => [primary(o)],
      (world, o) => free(world, primary(o), o),
    ),
    send("take the lease", primary),
    read((world, o) => (!world[passive(o)].up || free(world, passive(o), o) ? {} : undefined)),
    send("take the lease", passive),
  ],
  look: [
    read((world, o) => {
      const other = world[passive(o)];
      return { seen: other.up ? JSON.stringify(standing(other)) : "away" };
    }),
    read((world, o) => {
      const database = world[primary(o)];
      if (!database.up) return "fails";
      const other = o.seen === "away" ? undefined : JSON.parse(o.seen);
      return { seen: JSON.stringify(recoveryPlan(standing(database), other)) };
    }),
  ],
  "close the passive side": [send("close", passive)],
  "apply the rest": [
    ...followParts(primary),
    wait(both, (world, o) => world[primary(o)].log.length >= world[passive(o)].log.length),
  ],
  "admit the wiki": [],
  "open the active side": [send("open", primary)],
  "prove it open": [
    check(
      (o) => [primary(o)],
      (world, o) => !world[primary(o)].readOnly,
    ),
  ],
  "route and release": [{ gate: (_world, o) => ({ to: primary(o), held: false }) }],
  "release the hold": [{ gate: (world) => ({ ...world.gate, held: false }) }],
  "follow the active side": followParts(passive),
  "see a write arrive": [wait(both, (world) => world.blue.log === world.green.log)],
  "stop following": [send("stop following", primary)],
  "admit readers to the passive side": [],
  "resume the rest": [],
  "ask the guardrails": [],
  quiesce: [],
  "gate the lag": [
    check(both, (world, o) => {
      const replica = world[passive(o)];
      return replica.source && replica.running && world[primary(o)].log.startsWith(replica.log);
    }),
  ],
  "declare the intent": [
    send("change master", primary),
    send("fix the lease", primary, (o) => o.epoch + 1),
    send("fix the lease", passive, (o) => o.epoch + 1),
  ],
  "hold the writes": [{ gate: (world) => ({ ...world.gate, held: true }) }],
  "fence the primary": [
    send("fence", primary),
    read((world, o) => (world[primary(o)].up ? { position: world[primary(o)].log.length } : "fails")),
  ],
  "read the position": [
    check(
      (o) => [primary(o)],
      (world, o, rules) => !rules.looksAgain || world[primary(o)].log.length === o.position,
    ),
  ],
  "catch up": [
    wait(
      (o) => [passive(o)],
      (world, o) => world[passive(o)].log.length >= o.position,
    ),
    check(
      (o) => [passive(o)],
      (world, o) => world[passive(o)].log.length === o.position,
    ),
  ],
  "reverse the stream": [send("start the stream", primary)],
  commit: [send("commit", primary, (o) => o.epoch + 1)],
  "open the new primary": [
    wait(
      (o) => [passive(o)],
      (world, o) => world[passive(o)].role.epoch === o.epoch + 1,
    ),
    send("open", passive),
  ],
  "turn the gate": [{ gate: (_world, o) => ({ to: passive(o), held: false }) }],
  "give the lease back": [send("end the lease", () => "blue"), send("end the lease", () => "green")],
};

function free(world: World, side: Side, o: Operator): boolean {
  const { holder, state } = world[side].lease;
  return state !== "live" || holder === holderOf(world, o);
}

/** The outcome of a completed command. */
export function outcomeOf(command: Command, seen: string): Outcome {
  if (command === "find the primary") return { ok: true, primary: seen as Side };
  if (command === "look") return { ok: true, plan: JSON.parse(seen) };
  return { ok: true };
}
