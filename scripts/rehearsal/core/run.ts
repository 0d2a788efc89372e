import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf, WikiferryError } from "../../../engine/errors";
import { duration } from "../../../engine/format";
import { freshStage, type Stage } from "../../common/stage";
import type { Rung, Stop } from "./ladder";
import { lastPrediction, type Predicted } from "./predictions";
import { Pulumi, type PulumiRun } from "./pulumi";
import type { Refusal } from "./refusal";
import type { Failure, PhaseFact, RehearsalFacts, Replacement } from "./report/types";
import { progressIn, type Say } from "./say";
import type { World } from "./world";

/** One rehearsal, and what was seen of it so far. */
export class Run {
  readonly phases: PhaseFact[] = [];
  readonly refusals: Refusal[] = [];
  readonly replacements: Replacement[] = [];
  /** What previews said, by the rung before which they were asked. */
  readonly predictions = new Map<string, Predicted>();
  readonly pulumi: Pulumi;
  /** What ended it before its time. */
  failure: Failure | undefined;
  /** Where `until` ended it. */
  stoppedAfter: Rung | undefined;
  private under = "set-up";

  constructor(
    readonly world: World<RehearsalFacts>,
    readonly stage: Stage,
    readonly until: Stop | undefined,
    private readonly say: Say,
  ) {
    this.pulumi = new Pulumi(stage, (line) => {
      const progress = progressIn(line);
      if (progress) say.line(`  ${progress}`);
    });
  }

  async timed(name: string, work: () => Promise<unknown>): Promise<void> {
    const start = Date.now();
    this.under = name;
    await work();
    this.phases.push({ name, ms: Date.now() - start });
  }

  /** From the old site to the end of the ladder. A failure ends it and is kept. */
  async all(): Promise<void> {
    try {
      await this.timed("old site", () => this.makeOldSite());
      await this.climb();
    } catch (error) {
      this.failure = { during: this.under, message: messageOf(error) };
    }
    try {
      await this.world.endLoad();
    } catch (error) {
      this.failure ??= { during: "the load", message: messageOf(error) };
    }
  }

  private async makeOldSite(): Promise<void> {
    await this.world.make(this.say);
    freshStage(this.stage);
    await this.world.configure(this.pulumi);
  }

  private async climb(): Promise<void> {
    for (const rung of this.world.ladder) {
      await this.take(rung);
      if (rung.stop === undefined || rung.stop !== this.until) continue;
      await this.world.endLoad();
      await this.judge(`where it stopped, after ${rung.name}`);
      this.stoppedAfter = rung;
      return;
    }
  }

  private async take(rung: Rung): Promise<void> {
    const { pulumi, say, world } = this;
    this.under = rung.name;
    say.line(
      `${rung.name}: ${rung.set.map(([key, value]) => `pulumi config set ${key} ${value}`).join(" && ")} && pulumi up`,
    );
    for (const [key, value] of rung.set) await pulumi.set(key, value);
    if (rung.settings !== undefined) {
      world.applySettings(rung.settings);
      await this.replaceGreen(rung);
      if (rung.fails) return;
    }
    if (rung.name === "retire") await this.enoughDone();
    if (rung.predicted) await this.predict(rung);
    const first = this.replacements.find(({ name }) => name === rung.name) ?? (await this.up(rung));
    const { flip } = rung;
    const [again] = await Promise.all([
      pulumi.upAgain(),
      flip && this.judge(`after ${flip.from} → ${flip.to}, through the gate`),
    ]);
    this.phases.push({ name: rung.name, ms: first.ms, againMs: again.ms, unchanged: again.unchanged });
    const second = again.unchanged ? "changed nothing" : `was not without changes:\n${again.output}`;
    say.line(`${rung.name}: done in ${duration(first.ms)}; a second pulumi up ${second}`);
    if (rung.name === "prepare") say.line(await world.startLoad());
    if (rung.name === "switch") {
      await world.turnLoad();
      say.line("people now come through the gate");
    }
    if (rung.name === "retire") {
      await world.endLoad();
      await this.judge("at the end, green alone");
    }
  }

  /** A `pulumi up` that replaces what serves on green, or fails to. */
  private async replaceGreen(rung: Rung): Promise<void> {
    const startedAtMs = Date.now();
    const failed = rung.fails ? await this.pulumi.fail() : await this.up(rung).then(() => false);
    const endedAtMs = Date.now();
    const ms = endedAtMs - startedAtMs;
    this.replacements.push({
      name: rung.name,
      startedAtMs,
      endedAtMs,
      ms,
      failed,
      wantedToFail: rung.fails === true,
    });
    if (!rung.fails) return;
    this.phases.push({ name: rung.name, ms });
    const how = failed ? "failed, as it should" : "did NOT fail";
    this.say.line(`${rung.name}: ${how}, in ${duration(ms)}`);
  }

  /** `pulumi preview`, for what it expects of the step. */
  private async predict(rung: Rung): Promise<void> {
    const file = join(this.stage.directory, "estimates.jsonl");
    const { ms } = await this.pulumi.preview(file);
    const said = lastPrediction(file);
    if (!said) return;
    this.predictions.set(rung.name, said);
    const { toCopy, pause } = said;
    const expected = [
      toCopy && `copy ${duration(toCopy.copy.ms)}`,
      toCopy?.catchUp && `catch-up ${duration(toCopy.catchUp.ms)}`,
      rung.flip && pause && `write pause ${duration(pause.ms)}`,
    ].filter(Boolean);
    this.say.line(`${rung.name}: pulumi preview (${duration(ms)}) expects ${expected.join(", ")}`);
  }

  private up(rung: Rung): Promise<PulumiRun> {
    return this.pulumi.up((refusal, next) => {
      this.refusals.push({ at: new Date().toISOString(), during: rung.name, ...refusal });
      this.say.line(`${rung.name}: refused, ${next}: ${refusal.message}`);
    });
  }

  /** Before the way back ends: the load has done what a rehearsal has to show. */
  private async enoughDone(): Promise<void> {
    for (;;) {
      const { text, enough, over } = this.world.loadProgress();
      if (enough) return;
      if (over)
        throw new WikiferryError(
          "LOAD_ENDED",
          `the load has ended with ${text} acknowledged`,
          `This machine is too busy or too slow for that: ${this.world.moreLoad}`,
        );
      this.say.line(`  waiting for more work: ${text}`);
      await sleep(5_000);
    }
  }

  private async judge(when: string): Promise<void> {
    this.say.line(`judged ${when}: ${await this.world.judge(when)}`);
  }
}
