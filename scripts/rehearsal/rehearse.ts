import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openMove } from "../../engine/context";
import { silent } from "../../engine/progress";
import { refuseForeign } from "../clean/rehearsal";
import { setup } from "../setup/index";
import { projectDir } from "../setup/paths";
import { ensureWorld, type World } from "../world/index";
import { configure } from "./configure";
import { flips, hostActions, journals, machine, restart } from "./facts";
import { howToGoOn } from "./goOn";
import { removeGreen } from "./green";
import { type JudgeResult, judge } from "./judge";
import { ladder, type Rung } from "./ladder";
import { Load } from "./load/client";
import type { LoadSummary } from "./load/tally";
import { MemoryWatch } from "./memory";
import type { RehearsalOptions } from "./options";
import { Pulumi } from "./pulumi";
import { readTimeline, summary, writeReport } from "./report";
import type { PhaseFact, RehearsalFacts } from "./report/types";
import { progressIn, Say } from "./say";
import { readStackConfig } from "./stackConfig";
import { freshStage, type Stage, stageAt } from "./stage";

/** Since this mark readers and editors are judged: blue's one restart lies before it. */
const judged = "judged";
const gateUrl = "http://127.0.0.1:8080";

/** The whole rehearsal. @returns whether every promise was kept */
export async function rehearse(options: RehearsalOptions): Promise<boolean> {
  const startedAt = new Date().toISOString();
  const memory = new MemoryWatch();
  const say = new Say();
  const phases: PhaseFact[] = [];

  const timed = async (name: string, work: () => Promise<unknown>) => {
    const start = Date.now();
    await work();
    phases.push({ name, ms: Date.now() - start });
  };
  await timed("set-up", setup);
  let world: World | undefined;
  const stage = stageAt();
  const pulumi = new Pulumi(stage, (line) => {
    const progress = progressIn(line);
    if (progress) say.line(`  ${progress}`);
  });
  await timed("old site", async () => {
    await refuseForeign();
    await removeGreen();
    world = await ensureWorld({
      pages: options.pages,
      files: options.files,
      fresh: true,
      progress: (message) => say.line(`old site: ${message}`),
    });
    freshStage(stage);
    await configure(stage, world, pulumi);
  });
  if (!world) throw new Error("unreachable: the old site was made above");

  const run = new Run(options, stage, world, pulumi, say, phases);
  const finished = await run.climb();
  if (!finished) return true;

  const facts: RehearsalFacts = {
    ...(await run.facts()),
    startedAt,
    endedAt: new Date().toISOString(),
    peakMemoryBytes: memory.stop(),
  };
  const report = writeReport(facts, join(projectDir, "reports"));
  process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : `\n${summary(report)}\n`);
  return report.ok;
}

/** The phases of one rehearsal, and what was seen meanwhile. */
class Run {
  private load: Load | undefined;
  private loadSummary: LoadSummary | undefined;
  private readonly judgements: RehearsalFacts["judgements"] = [];

  constructor(
    private readonly options: RehearsalOptions,
    private readonly stage: Stage,
    private readonly world: World,
    private readonly pulumi: Pulumi,
    private readonly say: Say,
    private readonly phases: PhaseFact[],
  ) {}

  /** @returns whether it went to the end, false where `--until` stopped it */
  async climb(): Promise<boolean> {
    try {
      for (const rung of ladder) {
        await this.take(rung);
        if (rung.stop !== undefined && rung.stop === this.options.until) {
          await this.load?.stop();
          process.stdout.write(howToGoOn(this.world, this.stage, rung));
          return false;
        }
      }
      return true;
    } finally {
      this.loadSummary = await this.load?.stop();
    }
  }

  private async take(rung: Rung): Promise<void> {
    const { pulumi, say } = this;
    say.line(
      `${rung.name}: ${rung.set.map(([key, value]) => `pulumi config set ${key} ${value}`).join(" && ")} && pulumi up`,
    );
    for (const [key, value] of rung.set) await pulumi.set(key, value);
    if (rung.name === "retire") await this.enoughDone();
    const first = await pulumi.up();
    if (rung.flip) await this.judgeNow(`after ${rung.flip.from} → ${rung.flip.to}, through the gate`);
    const again = await pulumi.upAgain();
    this.phases.push({ name: rung.name, ms: first.ms, againMs: again.ms, unchanged: again.unchanged });
    const second = again.unchanged ? "changed nothing" : `was not without changes:\n${again.output}`;
    say.line(`${rung.name}: done in ${(first.ms / 1000).toFixed(1)} s; a second pulumi up ${second}`);
    if (rung.name === "prepare") await this.startLoad();
    if (rung.name === "switch") {
      await this.load?.retarget(gateUrl);
      say.line("readers and editors now come through the gate");
    }
    if (rung.name === "retire") {
      this.loadSummary = await this.load?.stop();
      await this.judgeNow("at the end, green alone");
    }
  }

  private async startLoad(): Promise<void> {
    const { options, world, stage } = this;
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

  /** Before the way back ends: the load has done what a rehearsal has to show. */
  private async enoughDone(): Promise<void> {
    for (;;) {
      const { edits, uploads } = (this.load as Load).stats();
      if (edits.acknowledged >= this.options.edits && uploads.acknowledged >= this.options.uploads) return;
      this.say.line(
        `  waiting for more work: ${edits.acknowledged} of ${this.options.edits} edits, ${uploads.acknowledged} of ${this.options.uploads} uploads`,
      );
      await sleep(5_000);
    }
  }

  private async judgeNow(when: string): Promise<JudgeResult> {
    const load = this.load as Load;
    const result = await judge({
      historyFile: load.historyFile,
      base: gateUrl,
      sinceMark: judged,
      figures: this.loadSummary?.since[judged] ?? load.stats(judged),
    });
    this.judgements.push({ when, result });
    const { edits, uploads, views } = result;
    this.say.line(
      `judged ${when}: ${edits.acknowledged} edits, ${edits.lost} lost, ${edits.doubled} doubled, ${edits.altered} altered; ` +
        `${uploads.acknowledged} uploads, ${uploads.lost} lost; ${views.failed} of ${views.served} page views failed; ${result.loggedOut} logged out`,
    );
    return result;
  }

  async facts(): Promise<Omit<RehearsalFacts, "startedAt" | "endedAt" | "peakMemoryBytes">> {
    const { spec, secrets } = await readStackConfig(this.pulumi);
    const move = openMove(spec, secrets, silent);
    try {
      const records = await journals(move);
      const requests = (this.load as Load).requestsFile;
      const last = this.judgements.at(-1) as { result: JudgeResult };
      const { edits, uploads, views, loggedOut } = last.result;
      return {
        machine: machine(),
        wiki: await this.siteStatistics(),
        options: { ...this.options, until: this.options.until ?? "the end", json: String(this.options.json) },
        phases: this.phases,
        restart: restart(records),
        flips: flips(records).map((flip) => ({
          ...flip,
          timeline: readTimeline(requests, flip.pauseStartedAtMs),
        })),
        judge: { edits, uploads, views, loggedOut },
        judgements: this.judgements,
        complaints: this.loadSummary?.complaints ?? [],
        hosts: hostActions(records),
        expected: {
          phases: ladder.map(({ name }) => name),
          flips: ladder.filter(({ flip }) => flip).length,
          edits: this.options.edits,
          uploads: this.options.uploads,
        },
      };
    } finally {
      await move.close();
    }
  }

  private async siteStatistics(): Promise<RehearsalFacts["wiki"]> {
    const url = `${gateUrl}/api.php?action=query&meta=siteinfo&siprop=statistics&format=json&formatversion=2`;
    const response = await fetch(url, { signal: AbortSignal.timeout(20_000) });
    const { statistics } = ((await response.json()) as { query: { statistics: Record<string, number> } })
      .query;
    const { pages = 0, edits = 0, images = 0, users = 0 } = statistics;
    return { pages, revisions: edits, files: images, users };
  }
}
