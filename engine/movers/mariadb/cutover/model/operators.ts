import type { Side } from "../../../../move";
import { begin, type Command, type Outcome, type Run } from "../protocol";
import { outcomeOf, type Part, partsOf } from "./commands";
import type { Rules } from "./rules";
import { type Add, posted } from "./servers";
import { execute } from "./statements";
import { type Budget, type Operator, same, type World } from "./world";

/** What can happen to one operator's run: it continues, it is killed, or a request or a reply is lost. */
export function ofOperator(
  world: World,
  index: number,
  goal: Side | undefined,
  rules: Rules,
  add: Add,
): void {
  const operator = world.operators[index] as Operator;
  if (operator.run) new Move(world, index, operator, operator.run, rules, add).all();
  else if (operator.runsLeft > 0) {
    const begun = { ...idle(operator.runsLeft - 1), run: same(begin(goal)) };
    add(`operator ${index + 1} begins`, withOperator(world, index, begun));
  }
}

function idle(runsLeft: number): Operator {
  return { run: undefined, part: 0, position: 0, epoch: 0, seen: "", runsLeft };
}

function withOperator(world: World, index: number, after: Operator): World {
  return { ...world, operators: world.operators.map((other, at) => (at === index ? after : other)) };
}

/** The next part of a run's command, and all its possible outcomes. */
class Move {
  private readonly command: Command;
  private readonly parts: readonly Part[];

  constructor(
    private readonly world: World,
    private readonly index: number,
    private readonly operator: Operator,
    private readonly run: Run,
    private readonly rules: Rules,
    private readonly add: Add,
  ) {
    this.command = run.todo[0] as Command;
    this.parts = partsOf(this.command, rules);
  }

  all(): void {
    if (this.world.budget.kills > 0) this.may("is killed at", this.becomes(this.dead(), this.spent("kills")));
    const part = this.parts[this.operator.part];
    if (!part) this.may("does", this.becomes(this.after({ ok: true })));
    else if ("read" in part) this.reads(part);
    else if ("gate" in part) this.asksTheGate(part);
    else this.sends(part);
  }

  private reads(part: Extract<Part, { read: unknown }>): void {
    const { budget } = this.world;
    const noted = part.read(this.world, this.operator, this.rules);
    if (noted === undefined && !budget.slowness) return;
    if (noted === undefined || noted === "fails") {
      this.may("fails to", this.becomes(this.failed()));
      return;
    }
    this.may("does", this.becomes(this.advanced(noted)));
    if (budget.losses > 0) this.may("gets no answer to", this.becomes(this.failed(), this.spent("losses")));
  }

  private asksTheGate(part: Extract<Part, { gate: unknown }>): void {
    const gate = part.gate(this.world, this.operator);
    this.may("does", this.becomes(this.advanced(), { gate }));
    if (this.world.budget.losses === 0) return;
    const less = this.spent("losses");
    this.may("does not reach the gate to", this.becomes(this.failed(), less));
    this.may("has no answer from the gate to", this.becomes(this.failed(), { ...less, gate }));
  }

  private sends(part: Extract<Part, { send: unknown }>): void {
    const order = part.send(this.world, this.operator);
    const { side, statement } = order;
    const database = this.world[side];
    const after = database.up ? execute(database, order, this.rules) : undefined;
    const what = `(${statement} on ${side})`;
    if (after) this.may("does", this.becomes(this.advanced(), { [side]: after }), what);
    else {
      const goesOn = !database.up && this.isOptional();
      this.may("is refused", this.becomes(goesOn ? this.advanced() : this.failed()), what);
    }
    if (!database.up) return;

    const { budget } = this.world;
    if (budget.losses > 0) {
      const less = this.spent("losses");
      this.may("does not reach the server to", this.becomes(this.failed(), less), what);
      if (after) this.may("has no answer to", this.becomes(this.failed(), { ...less, [side]: after }), what);
      this.may("is late to", posted(this.becomes(this.failed(), less), order), what);
    }
    if (budget.kills > 0)
      this.may("is killed, on its way:", posted(this.becomes(this.dead(), this.spent("kills")), order), what);
  }

  /** Nobody has or misses a lease on a passive server that is away. */
  private isOptional(): boolean {
    const { command, operator } = this;
    return command === "give the lease back" || (command === "take the lease" && operator.part === 3);
  }

  private may(what: string, after: World | undefined, detail = ""): void {
    this.add(`operator ${this.index + 1} ${what} ${this.command} ${detail}`.trimEnd(), after);
  }

  private spent(what: keyof Budget & ("kills" | "losses")): Partial<World> {
    const { budget } = this.world;
    return { budget: { ...budget, [what]: budget[what] - 1 } };
  }

  private becomes(after: Operator, rest: Partial<World> = {}): World {
    return withOperator({ ...this.world, ...rest }, this.index, after);
  }

  private dead(): Operator {
    return idle(this.operator.runsLeft);
  }

  private failed(): Operator {
    return this.after({ ok: false });
  }

  private advanced(noted: Partial<Operator> = {}): Operator {
    const now = { ...this.operator, ...noted };
    if (now.part + 1 < this.parts.length) return { ...now, part: now.part + 1 };
    return this.after(outcomeOf(this.command, now.seen), now);
  }

  /** Forgets what it noted as soon as that no longer matters, so that worlds without another difference are one. */
  private after(outcome: Outcome, now: Operator = this.operator): Operator {
    const run = this.rules.next(this.run, outcome);
    if (run.todo.length === 0) return this.dead();
    return {
      ...now,
      run: same(run),
      part: 0,
      seen: "",
      position: run.stage === "attempt" ? now.position : 0,
      epoch: run.stage === "over" ? 0 : now.epoch,
    };
  }
}
