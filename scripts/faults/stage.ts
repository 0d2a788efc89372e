import { randomBytes } from "node:crypto";
import type { Side } from "../../engine/move";
import type { Operator } from "./operator/operator";
import type { Plan, Struck } from "./plan";
import type { Hindrance } from "./spans";
import type { World } from "./world/world";

/** What a fault works on. */
export class Stage {
  readonly hindrances: Hindrance[] = [];
  /** What happens once the tool's next run is over. */
  readonly later: (() => Promise<unknown>)[] = [];
  private readonly lasting: { hindrance: Hindrance; until: string }[] = [];
  readonly notes: { at: number; text: string }[] = [];

  constructor(
    readonly world: World,
    readonly plan: Plan,
    readonly operator: Operator,
    /** Another process, ready to be the tool. */
    readonly takeOperator: () => Operator,
  ) {}

  get from(): Side {
    return this.plan.from;
  }

  get to(): Side {
    return this.plan.to;
  }

  /** A random time between two bounds, in milliseconds, by the seed. */
  between(minMs: number, maxMs: number): number {
    return Math.round(minMs + this.plan.random.next() * (maxMs - minMs));
  }

  /**
   * From now on until the fault is over, the fault keeps this from serving; or until the tool runs again, where only
   * the tool can repair it.
   */
  hinder(
    what: Hindrance["what"],
    until: "the fault is over" | "the tool runs again" = "the fault is over",
  ): void {
    const hindrance = { begin: performance.now(), end: Number.POSITIVE_INFINITY, what };
    this.hindrances.push(hindrance);
    this.lasting.push({ hindrance, until });
  }

  isNow(when: "the fault is over" | "the tool runs again"): void {
    for (const { hindrance, until } of this.lasting)
      if (until === when) hindrance.end = Math.min(hindrance.end, performance.now());
  }

  note(text: string): void {
    this.notes.push({ at: Date.now(), text });
  }

  /** An id for a write of the fault's own. */
  token(what: string): string {
    return `${what}-${this.plan.index}-${randomBytes(4).toString("hex")}`;
  }
}

/** One thing that goes wrong. */
export interface Fault extends Struck {
  /** One line. */
  about: string;
  /** What the tool's process does to itself at the point. By default the fault happens around it. */
  how?: "kill" | "stop";
  /** Causes the fault. Returns how it ends, if it does not end by itself. */
  strike(stage: Stage): Promise<(() => Promise<unknown> | unknown) | undefined>;
  /** How long it lasts, in milliseconds. Defaults to 0. */
  lasts?: [min: number, max: number];
  /** What the owner does when the tool's next run refuses, as it asked for. */
  remedy?: (stage: Stage) => Promise<unknown>;
  /** Removes what no run of the tool noticed, once the tool is done. */
  tidy?: (stage: Stage) => Promise<unknown>;
}
