import { join } from "node:path";
import { requestsFileOf, type Stage } from "../../../common/stage";
import { setup } from "../../../setup/index";
import type { Rung } from "../../core/ladder";
import { HttpClient } from "../../core/load/http";
import type { Pulumi } from "../../core/pulumi";
import type { RehearsalFacts } from "../../core/report/types";
import type { Say } from "../../core/say";
import type { LoadProgress, World } from "../../core/world";
import { configure, writeSettings } from "./configure";
import { refuseForeign } from "./foreign";
import { removeGreen } from "./green";
import { journalFacts } from "./journal";
import { type JudgeResult, type JudgeTable, judge } from "./judge";
import { ladder } from "./ladder";
import { startLoad, type WikiLoad } from "./load/client";
import { Session } from "./load/session";
import { noFigures, type WikiLoadSummary } from "./load/tally";
import { ensureWorld, type World as OldSite } from "./oldSite/index";
import type { RehearsalOptions } from "./options";
import { wikiReport } from "./report";
import type { WikiFacts } from "./report/facts";

/** Since this mark readers and editors are judged: blue's one restart lies before it. */
const judged = "judged";
const gateUrl = "http://127.0.0.1:8080";

/** An old wiki on three hosts, readers and editors, and a judge who compares text by text and file by file. */
export class WikiWorld implements World<WikiFacts> {
  readonly ladder = ladder;
  readonly report = wikiReport;
  readonly reportName: string;
  readonly moreLoad = "give it longer, --minutes, or ask for less, --edits, --uploads";
  private oldSite: OldSite | undefined;
  private load: WikiLoad | undefined;
  /** Once the load has ended. */
  private loadSummary: WikiLoadSummary | undefined;
  private readonly judgements: WikiFacts["judgements"] = [];
  /** Where readers and editors go. */
  private address = "";

  constructor(
    private readonly stage: Stage,
    private readonly asked: RehearsalOptions,
  ) {
    this.reportName = asked.world === "bookworm" ? "rehearsal" : `rehearsal-${asked.world}`;
  }

  get options() {
    return { ...this.asked, until: this.asked.until ?? "the end", json: String(this.asked.json) };
  }

  addresses(rung: Rung): [string, string][] {
    const { wiki, wikiUrl, reader } = this.made();
    return [
      ["the wiki", rung.name === "sync" ? wikiUrl : wiki.serverUrl],
      ["a test login", `${reader.name} / ${reader.password}`],
    ];
  }

  setUp(): Promise<unknown> {
    return setup(this.asked.world);
  }

  async make(say: Say): Promise<void> {
    const { world, pages, files } = this.asked;
    await refuseForeign();
    await removeGreen();
    this.oldSite = await ensureWorld({
      site: world,
      pages,
      files,
      fresh: true,
      progress: (message) => say.line(`old site: ${message}`),
    });
  }

  configure(pulumi: Pulumi): Promise<void> {
    return configure(this.stage, this.made(), pulumi);
  }

  applySettings(settings: string): void {
    writeSettings(this.stage, this.made(), settings);
  }

  async startLoad(): Promise<string> {
    const { editsPerSecond, viewsPerSecond, minutes, seed } = this.asked;
    const { wikiUrl, wiki, editors, reader } = this.made();
    this.address = wikiUrl;
    this.load = await startLoad({
      target: wikiUrl,
      serverUrl: wiki.serverUrl,
      apiPath: apiPathOf(wiki),
      ...(wiki.articlePath.includes(".php") ? {} : { articlePath: wiki.articlePath }),
      ...(wiki.private ? { reader } : {}),
      editors: editors.slice(0, 6),
      editsPerSecond,
      viewsPerSecond,
      minutes,
      seed,
      historyFile: join(this.stage.directory, "history.jsonl"),
      requestsFile: requestsFileOf(this.stage),
    });
    await this.load.mark(judged);
    return `readers and editors work: ${editsPerSecond} edits/s, ${viewsPerSecond} page views/s`;
  }

  async turnLoad(): Promise<void> {
    await this.load?.retarget(gateUrl);
    this.address = gateUrl;
  }

  loadProgress(): LoadProgress {
    const { edits, uploads } = this.working().stats();
    const { edits: wantedEdits, uploads: wantedUploads } = this.asked;
    return {
      text: `${edits.acknowledged} of ${wantedEdits} edits, ${uploads.acknowledged} of ${wantedUploads} uploads`,
      enough: edits.acknowledged >= wantedEdits && uploads.acknowledged >= wantedUploads,
      over: this.working().isOver,
    };
  }

  async endLoad(): Promise<void> {
    if (this.load && !this.loadSummary) this.loadSummary = await this.load.stop();
  }

  async judge(when: string): Promise<string> {
    const load = this.working();
    const { wiki, reader } = this.made();
    const result = await judge({
      historyFile: load.historyFile,
      base: this.address,
      hostHeader: new URL(wiki.serverUrl).host,
      apiPath: apiPathOf(wiki),
      ...(wiki.private ? { account: reader } : {}),
      sinceMark: judged,
      figures: this.loadSummary?.since[judged] ?? load.stats(judged),
    });
    this.judgements.push({ when, result });
    return judgedLine(result);
  }

  journal(pulumi: Pulumi) {
    return journalFacts(pulumi);
  }

  async facts(core: RehearsalFacts): Promise<WikiFacts> {
    const { until, edits, uploads } = this.asked;
    const none = { pages: 0, revisions: 0, files: 0, users: 0 };
    return {
      ...core,
      wiki: await siteStatistics(this.made(), this.address).catch(() => none),
      judge: this.lastTable(),
      judgements: this.judgements,
      complaints: this.loadSummary?.complaints ?? [],
      // One that stops on the way has no time for so much.
      expected: { ...core.expected, edits: until ? 0 : edits, uploads: until ? 0 : uploads },
    };
  }

  private made(): OldSite {
    if (!this.oldSite) throw new Error("the old site is not made yet");
    return this.oldSite;
  }

  private working(): WikiLoad {
    if (!this.load) throw new Error("the load has not begun yet");
    return this.load;
  }

  private lastTable(): JudgeTable {
    const last = this.judgements.at(-1);
    if (!last) return unjudged(this.loadSummary);
    const { edits, uploads, views, loggedOut } = last.result;
    return { edits, uploads, views, loggedOut };
  }
}

function judgedLine({ edits, uploads, views, loggedOut }: JudgeResult): string {
  return (
    `${edits.acknowledged} edits, ${edits.lost} lost, ${edits.doubled} doubled, ${edits.altered} altered; ` +
    `${uploads.acknowledged} uploads, ${uploads.lost} lost; ${views.failed} of ${views.served} page views failed; ${loggedOut} logged out`
  );
}

/** What people were told, where nobody looked afterwards. */
function unjudged(load: WikiLoadSummary | undefined): JudgeTable {
  const { edits, uploads, views, loggedOut } = load?.total ?? noFigures();
  const column = ({ acknowledged, failed, maxWaitMs }: typeof edits) => ({
    acknowledged,
    lost: 0,
    doubled: 0,
    altered: 0,
    failed,
    maxWaitMs,
  });
  return { edits: column(edits), uploads: column(uploads), views, loggedOut };
}

const apiPathOf = ({ scriptPath }: OldSite["wiki"]) => `${scriptPath}/api.php`;

async function siteStatistics({ wiki, reader }: OldSite, address: string): Promise<WikiFacts["wiki"]> {
  const client = new HttpClient(address, wiki.serverUrl, 20_000, 1);
  try {
    const session = new Session(client, apiPathOf(wiki), reader);
    if (wiki.private) await session.login();
    const answer = await session.get({ action: "query", meta: "siteinfo", siprop: "statistics" });
    if (answer.status !== "ok") throw new Error(answer.message);
    const { pages = 0, edits = 0, images = 0, users = 0 } = answer.body.query.statistics;
    return { pages, revisions: edits, files: images, users };
  } finally {
    client.close();
  }
}
