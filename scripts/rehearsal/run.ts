import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf, WikiferryError } from "../../engine/errors";
import { refuseForeign } from "../clean/rehearsal";
import { ensureWorld, type World } from "../world/index";
import { configure, writeSettings } from "./configure";
import { removeGreen } from "./green";
import { judge } from "./judge";
import { ladder, type Rung } from "./ladder";
import { Load } from "./load/client";
import type { LoadSummary } from "./load/tally";
import type { RehearsalOptions } from "./options";
import { lastPrediction, type Predicted } from "./predictions";
import { Pulumi, type PulumiRun } from "./pulumi";
import type { Refusal } from "./refusal";
import type { Failure, PhaseFact, RehearsalFacts, Replacement } from "./report/types";
import { progressIn, type Say } from "./say";
import { freshStage, stageAt } from "./stage";

/** Since this mark readers and editors are judged: blue's one restart lies before it. */
const judged = "judged";
export const gateUrl = "http://127.0.0.1:8080";

/** One rehearsal, and what was seen of it so far. */
export class Run {
  readonly phases: PhaseFact[] = [];
  readonly judgements: RehearsalFacts["judgements"] = [];
  readonly refusals: Refusal[] = [];
  readonly replacements: Replacement[] = [];
  /** What previews said, by the rung before which they were asked. */
  readonly predictions = new Map<string, Predicted>();
  readonly stage = stageAt();
  readonly pulumi: Pulumi;
  world: World | undefined;
  load: Load | undefined;
  /** Once the load has ended. */
  loadSummary: LoadSummary | undefined;
  /** What ended it before its time. */
  failure: Failure | undefined;
  /** Where `--until` ended it. */
  stoppedAfter: Rung | undefined;
  /** Where readers and editors go. */
  address = "";
  private under = "set-up";

  constructor(
    private readonly options: RehearsalOptions,
    private readonly say: Say,
  ) {
    this.pulumi = new Pulumi(this.stage, (line) => {
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
      await this.endLoad();
    } catch (error) {
      this.failure ??= { during: "readers and editors", message: messageOf(error) };
    }
  }

  private async makeOldSite(): Promise<void> {
    const { options, say, stage } = this;
    await refuseForeign();
    await removeGreen();
    this.world = await ensureWorld({
      pages: options.pages,
      files: options.files,
      fresh: true,
      progress: (message) => say.line(`old site: ${message}`),
    });
    freshStage(stage);
    await configure(stage, this.world, this.pulumi);
  }

  private async climb(): Promise<void> {
    for (const rung of ladder) {
      await this.take(rung);
      if (rung.stop === undefined || rung.stop !== this.options.until) continue;
      await this.endLoad();
      await this.judgeNow(`where it stopped, after ${rung.name}`);
      this.stoppedAfter = rung;
      return;
    }
  }

  private async take(rung: Rung): Promise<void> {
    const { pulumi, say } = this;
    this.under = rung.name;
    say.line(
      `${rung.name}: ${rung.set.map(([key, value]) => `pulumi config set ${key} ${value}`).join(" && ")} && pulumi up`,
    );
    for (const [key, value] of rung.set) await pulumi.set(key, value);
    if (rung.settings !== undefined) {
      writeSettings(this.stage, this.world as World, rung.settings);
      await this.replaceGreen(rung);
      if (rung.fails) return;
    }
    if (rung.name === "retire") await this.enoughDone();
    if (rung.predicted) await this.predict(rung);
    const first = this.replacements.find(({ name }) => name === rung.name) ?? (await this.up(rung));
    const { flip } = rung;
    const [again] = await Promise.all([
      pulumi.upAgain(),
      flip && this.judgeNow(`after ${flip.from} → ${flip.to}, through the gate`),
    ]);
    this.phases.push({ name: rung.name, ms: first.ms, againMs: again.ms, unchanged: again.unchanged });
    const second = again.unchanged ? "changed nothing" : `was not without changes:\n${again.output}`;
    say.line(`${rung.name}: done in ${(first.ms / 1000).toFixed(1)} s; a second pulumi up ${second}`);
    if (rung.name === "prepare") await this.startLoad();
    if (rung.name === "switch") {
      await this.load?.retarget(gateUrl);
      this.address = gateUrl;
      say.line("readers and editors now come through the gate");
    }
    if (rung.name === "retire") {
      await this.endLoad();
      await this.judgeNow("at the end, green alone");
    }
  }

  /** A `pulumi up` that gives green another MediaWiki, or fails to. */
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
    this.say.line(`${rung.name}: ${how}, in ${(ms / 1000).toFixed(1)} s`);
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
      toCopy && `copy ${(toCopy.copy.ms / 1000).toFixed(1)} s`,
      toCopy?.catchUp && `catch-up ${(toCopy.catchUp.ms / 1000).toFixed(1)} s`,
      rung.flip && pause && `write pause ${pause.ms} ms`,
    ].filter(Boolean);
    this.say.line(
      `${rung.name}: pulumi preview (${(ms / 1000).toFixed(1)} s) expects ${expected.join(", ")}`,
    );
  }

  private up(rung: Rung): Promise<PulumiRun> {
    return this.pulumi.up((refusal, next) => {
      this.refusals.push({ at: new Date().toISOString(), during: rung.name, ...refusal });
      this.say.line(`${rung.name}: refused, ${next}: ${refusal.message}`);
    });
  }

  private async startLoad(): Promise<void> {
    const { options, stage } = this;
    const world = this.world as World;
    this.address = world.wikiUrl;
    this.load = await Load.start({
      target: world.wikiUrl,
      serverUrl: world.wiki.serverUrl,
      editors: world.editors.slice(0, 6),
      editsPerSecond: options.editsPerSecond,
      viewsPerSecond: options.viewsPerSecond,
      minutes: options.minutes,
      seed: options.seed,
      historyFile: join(stage.directory, "history.jsonl"),
      requestsFile: join(stage.directory, "requests.jsonl"),
    });
    await this.load.mark(judged);
    this.say.line(
      `readers and editors work: ${options.editsPerSecond} edits/s, ${options.viewsPerSecond} page views/s`,
    );
  }

  private async endLoad(): Promise<void> {
    if (this.load && !this.loadSummary) this.loadSummary = await this.load.stop();
  }

  /** Before the way back ends: the load has done what a rehearsal has to show. */
  private async enoughDone(): Promise<void> {
    for (;;) {
      const { edits, uploads } = (this.load as Load).stats();
      if (edits.acknowledged >= this.options.edits && uploads.acknowledged >= this.options.uploads) return;
      if ((this.load as Load).isOver) {
        throw new WikiferryError(
          "LOAD_ENDED",
          `in ${this.options.minutes} min, ${edits.acknowledged} of ${this.options.edits} edits and ${uploads.acknowledged} of ${this.options.uploads} uploads were acknowledged`,
          "This machine is too busy or too slow for that: give it longer, --minutes, or ask for less, --edits, --uploads",
        );
      }
      this.say.line(
        `  waiting for more work: ${edits.acknowledged} of ${this.options.edits} edits, ${uploads.acknowledged} of ${this.options.uploads} uploads`,
      );
      await sleep(5_000);
    }
  }

  private async judgeNow(when: string): Promise<void> {
    const load = this.load as Load;
    const result = await judge({
      historyFile: load.historyFile,
      base: this.address,
      hostHeader: new URL((this.world as World).wiki.serverUrl).host,
      sinceMark: judged,
      figures: this.loadSummary?.since[judged] ?? load.stats(judged),
    });
    this.judgements.push({ when, result });
    const { edits, uploads, views } = result;
    this.say.line(
      `judged ${when}: ${edits.acknowledged} edits, ${edits.lost} lost, ${edits.doubled} doubled, ${edits.altered} altered; ` +
        `${uploads.acknowledged} uploads, ${uploads.lost} lost; ${views.failed} of ${views.served} page views failed; ${result.loggedOut} logged out`,
    );
  }
}
