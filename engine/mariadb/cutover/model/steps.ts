import { otherSide, type Side } from "../../../move";
import { begin, type Command, type Outcome } from "../protocol";
import { outcomeOf, type Part, parts } from "./commands";
import type { Rules } from "./rules";
import { execute, start, tick } from "./statements";
import { type Database, isOpen, type Letter, type Operator, same, type World } from "./world";

/** One thing that can happen, in words, and the world after it. */
export interface Step {
  label: string;
  world: World;
}

const sides: readonly Side[] = ["blue", "green"];
const letters = "abcdefgh";

/** Everything that can happen next: servers, clocks, the network, writers, operators. */
export function stepsFrom(world: World, rules: Rules, goals: readonly (Side | undefined)[]): Step[] {
  const found: Step[] = [];
  const add = (label: string, after: World | undefined) => {
    if (after) found.push({ label, world: after });
  };
  for (const side of sides) ofServer(world, side, rules, add);
  if (world.gate.held) add("the hold ends by itself", { ...world, gate: { ...world.gate, held: false } });
  world.letters.forEach((letter, index) => {
    const rest = { ...world, letters: world.letters.filter((_, other) => other !== index) };
    add(`late: ${letter.statement} on ${letter.side}`, arrives(rest, letter, rules) ?? rest);
  });
  world.operators.forEach((operator, index) => {
    ofOperator(world, index, operator, goals[index], rules, add);
  });
  return found;
}

type Add = (label: string, after: World | undefined) => void;

function ofServer(world: World, side: Side, rules: Rules, add: Add): void {
  const database = world[side];
  const { budget } = world;
  const becomes = (after: Database, rest: Partial<World> = {}): World => ({
    ...world,
    ...rest,
    [side]: after,
  });
  const { lease } = database;
  if (lease.state === "live") {
    add(`${side}: the lease is over`, becomes({ ...database, lease: { ...lease, state: "over" } }));
  }
  if (lease.state === "over" && budget.clocks > 0) {
    const back = { ...database, lease: { ...lease, state: "live" as const } };
    add(
      `${side}: the clock is set back`,
      becomes(back, { budget: { ...budget, clocks: budget.clocks - 1 } }),
    );
  }
  if (!database.up) {
    add(`${side}: starts`, becomes(start(side, database, rules)));
    return;
  }
  if (budget.crashes > 0) {
    add(
      `${side}: crashes`,
      becomes(
        { ...database, up: false, running: false },
        {
          budget: { ...budget, crashes: budget.crashes - 1 },
          letters: world.letters.filter((letter) => letter.side !== side),
        },
      ),
    );
  }
  if (rules.hasEvent) {
    const after = tick(side, database, rules);
    if (!rules.eventIsOne && isOpen(after) && !isOpen(database)) {
      const late: Letter = { holder: "event", statement: "open", side, epoch: 0 };
      if (world.letters.length < 2)
        add(`${side}: the event decides to open`, {
          ...world,
          [side]: { ...after, readOnly: true },
          letters: [...world.letters, late],
        });
    } else if (changed(after, database)) {
      add(
        `${side}: the event ${isOpen(after) === isOpen(database) ? "ends the lease" : isOpen(after) ? "opens" : "closes"}`,
        becomes(after),
      );
    }
  }
  if (isOpen(database) && budget.writes > 0) {
    const letter = letters[world.acknowledged.length] as string;
    add(
      `${side}: acknowledges write ${letter}`,
      becomes(
        { ...database, log: database.log + letter },
        { acknowledged: world.acknowledged + letter, budget: { ...budget, writes: budget.writes - 1 } },
      ),
    );
  }
  const other = world[otherSide(side)];
  if (
    database.running &&
    other.up &&
    database.received < other.log.length &&
    other.log.startsWith(database.log)
  )
    add(`${side}: receives`, becomes({ ...database, received: database.received + 1 }));
  if (database.running && database.log.length < database.received && other.log.startsWith(database.log))
    add(`${side}: applies`, becomes(apply(database, other)));
}

function changed(a: Database, b: Database): boolean {
  return a.readOnly !== b.readOnly || a.lease.state !== b.lease.state;
}

/** The next transaction of the other's log; a commit changes the record. */
export function apply(database: Database, other: Database): Database {
  const transaction = other.log[database.log.length] as string;
  const epoch = Number(transaction);
  const role = Number.isNaN(epoch)
    ? database.role
    : { epoch, role: (epoch % 2 === 0 ? "blue" : "green") as Side };
  return { ...database, log: database.log + transaction, role };
}

function arrives(world: World, letter: Letter, rules: Rules): World | undefined {
  const database = world[letter.side];
  if (letter.holder === "event") return { ...world, [letter.side]: { ...database, readOnly: false } };
  const after = execute(database, letter, rules);
  return after && { ...world, [letter.side]: after };
}

function ofOperator(
  world: World,
  index: number,
  operator: Operator,
  goal: Side | undefined,
  rules: Rules,
  add: Add,
): void {
  const who = `operator ${index + 1}`;
  const becomes = (after: Operator, rest: Partial<World> = {}): World => ({
    ...world,
    ...rest,
    operators: world.operators.map((other, at) => (at === index ? after : other)),
  });
  const idle: Operator = {
    run: undefined,
    part: 0,
    position: 0,
    epoch: 0,
    seen: "",
    runsLeft: operator.runsLeft,
  };
  const { run } = operator;
  if (!run) {
    if (operator.runsLeft > 0)
      add(`${who} begins`, becomes({ ...idle, run: same(begin(goal)), runsLeft: operator.runsLeft - 1 }));
    return;
  }
  const command = run.todo[0] as Command;
  const { budget } = world;
  // What it noted is forgotten as soon as it no longer matters: worlds that differ in nothing else are one.
  const goesOn = (now: Operator, outcome: Outcome): Operator => {
    const after = rules.next(run, outcome);
    if (after.todo.length === 0) return idle;
    return {
      ...now,
      run: same(after),
      part: 0,
      seen: "",
      position: after.stage === "attempt" ? now.position : 0,
      epoch: after.stage === "over" ? 0 : now.epoch,
    };
  };
  const commandParts = parts[command];
  const advanced = (noted: Partial<Operator> = {}): Operator => {
    const now = { ...operator, ...noted };
    if (now.part + 1 < commandParts.length) return { ...now, part: now.part + 1 };
    return goesOn(now, outcomeOf(command, now.seen));
  };
  const failed = () => goesOn(operator, { ok: false });
  const part = commandParts[operator.part] as Part | undefined;

  if (budget.kills > 0)
    add(
      `${who} is killed at "${command}"`,
      becomes(idle, { budget: { ...budget, kills: budget.kills - 1 } }),
    );
  if (!part) {
    add(`${who}: ${command}`, becomes(goesOn(operator, { ok: true })));
    return;
  }

  if ("read" in part) {
    const noted = part.read(world, operator, rules);
    if (noted === undefined || noted === "fails") add(`${who}: ${command} fails`, becomes(failed()));
    else {
      add(`${who}: ${command}`, becomes(advanced(noted)));
      if (budget.losses > 0)
        add(
          `${who}: ${command} gets no answer`,
          becomes(failed(), { budget: { ...budget, losses: budget.losses - 1 } }),
        );
    }
    return;
  }
  const less = { budget: { ...budget, losses: budget.losses - 1 } };
  if ("gate" in part) {
    const gate = part.gate(world, operator);
    add(`${who}: ${command}`, becomes(advanced(), { gate }));
    if (budget.losses > 0) {
      add(`${who}: ${command} does not reach the gate`, becomes(failed(), less));
      add(`${who}: ${command} has no answer from the gate`, becomes(failed(), { ...less, gate }));
    }
    return;
  }
  const order = part.send(world, operator);
  const database = world[order.side];
  const after = database.up ? execute(database, order, rules) : undefined;
  const optional = command === "give the lease back" || (command === "take the lease" && operator.part === 3);
  const refusedButFine = after === undefined && optional && !database.up;
  if (after)
    add(
      `${who}: ${command} (${order.statement} on ${order.side})`,
      becomes(advanced(), { [order.side]: after }),
    );
  else add(`${who}: ${command} is refused by ${order.side}`, becomes(refusedButFine ? advanced() : failed()));
  if (!database.up) return;
  if (budget.losses > 0) {
    add(`${who}: ${command} does not reach ${order.side}`, becomes(failed(), less));
    if (after)
      add(
        `${who}: ${command} done, no answer from ${order.side}`,
        becomes(failed(), { ...less, [order.side]: after }),
      );
    if (world.letters.length < 2)
      add(`${who}: ${command} is late`, becomes(failed(), { ...less, letters: [...world.letters, order] }));
  }
  if (budget.kills > 0 && world.letters.length < 2)
    add(
      `${who} is killed, ${command} on its way`,
      becomes(idle, { budget: { ...budget, kills: budget.kills - 1 }, letters: [...world.letters, order] }),
    );
}
