import { mkdirSync } from "node:fs";
import { dirname, posix } from "node:path";
import { messageOf } from "../../../../../engine/errors";
import { Random } from "../../../../common/random";
import { HttpClient } from "../../../core/load/http";
import { JsonLines } from "../../../core/load/jsonLines";
import { RequestLog } from "../../../core/load/requestLog";
import { TokenBucket } from "../../../core/load/tokenBucket";
import { Editor } from "./editor";
import type { HistoryEntry } from "./history";
import type { LoadOptions } from "./options";
import { listContent } from "./pages";
import { Readers } from "./readers";
import { Session } from "./session";
import { Tally, type WikiLoadSummary } from "./tally";

/** How many pages one editor changes at most. */
const PAGES_PER_EDITOR = 40;

/** Readers and editors at work, from `start` to `stop`. */
export class LoadRun {
  readonly tally = new Tally();
  private readonly stopping = new AbortController();
  private readonly startedAt = new Date();
  private readonly readersClient: HttpClient;
  private readonly editorsClient: HttpClient;
  private readonly history: JsonLines<HistoryEntry>;
  private readonly requests: RequestLog;
  private work: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: LoadOptions) {
    const { target, serverUrl, requestTimeoutMs, maxViewsAtOnce, editors } = options;
    this.readersClient = new HttpClient(target, serverUrl, requestTimeoutMs, maxViewsAtOnce);
    this.editorsClient = new HttpClient(target, serverUrl, requestTimeoutMs, Math.max(1, editors.length));
    for (const file of [options.historyFile, options.requestsFile])
      mkdirSync(dirname(file), { recursive: true });
    this.history = new JsonLines(options.historyFile);
    this.requests = new RequestLog(options.requestsFile);
  }

  /** Logs everybody in and lets them begin; resolves when they have. */
  async start(): Promise<{ articles: number; images: number; editors: number }> {
    const { options, tally } = this;
    const random = new Random(options.seed);
    const sessions = options.editors.map(
      (account) => new Session(this.editorsClient, options.apiPath, account),
    );
    const visitor = options.reader && new Session(this.readersClient, options.apiPath, options.reader);
    for (const session of visitor ? [...sessions, visitor] : sessions) await session.login();
    const content = await listContent(
      sessions[0] ?? visitor ?? new Session(this.readersClient, options.apiPath),
    );
    const run = this.startedAt.getTime().toString(36);
    this.history.write({ kind: "start", t: Date.now(), run, serverTime: content.serverTime });

    const bucket = new TokenBucket(options.editsPerSecond, Math.max(1, sessions.length));
    const shuffled = random.sample(content.articles, sessions.length * PAGES_PER_EDITOR);
    const editors = sessions.map(
      (session, index) =>
        new Editor({
          run,
          index,
          session,
          fileNamespace: content.fileNamespace,
          titles: shuffled.filter((_, i) => i % sessions.length === index).map(({ title }) => title),
          random: new Random(options.seed * 1000 + index + 1),
          bucket,
          history: this.history,
          requests: this.requests,
          tally,
        }),
    );
    const readers = new Readers({
      client: this.readersClient,
      indexPath: posix.join(posix.dirname(options.apiPath), "index.php"),
      articlePath: options.articlePath,
      content,
      sessions,
      visitor,
      viewsPerSecond: options.viewsPerSecond,
      maxAtOnce: options.maxViewsAtOnce,
      random,
      requests: this.requests,
      tally,
      onLoggedOut: (session, code) => {
        if (session === visitor) this.visitorLoggedOut(session, code);
        else editors[sessions.indexOf(session)]?.noteLoggedOut(code);
      },
    });
    const { signal } = this.stopping;
    const people = [readers.run(signal)];
    if (options.editsPerSecond > 0) people.push(...editors.map((editor) => editor.run(signal)));
    this.work = Promise.all(people);
    return { articles: content.articles.length, images: content.images.length, editors: editors.length };
  }

  /** The account that readers share is forgotten: they log in once more. */
  private visitorLoggedOut(visitor: Session, code: string): void {
    if (!visitor.loggedIn) return;
    const editor = visitor.account?.name ?? "";
    visitor.loggedIn = false;
    this.history.write({ kind: "loggedOut", t: Date.now(), editor, code });
    this.tally.loggedOut();
    const complain = (reason: string) =>
      this.tally.complain({ t: Date.now(), what: "loggedOut", title: editor, reason });
    complain(code);
    visitor.login().catch((error) => complain(messageOf(error)));
  }

  /** Resolves when everybody has gone home; rejects on a fault of the load itself. */
  finished(): Promise<unknown> {
    return this.work;
  }

  retarget(url: string): void {
    this.readersClient.retarget(url);
    this.editorsClient.retarget(url);
  }

  mark(name: string): void {
    this.history.write({ kind: "mark", t: Date.now(), name });
    this.tally.mark(name);
  }

  /** Nobody begins anything new; requests under way are waited for. */
  async stop(): Promise<WikiLoadSummary> {
    this.stopping.abort();
    await this.work;
    this.readersClient.close();
    this.editorsClient.close();
    this.history.close();
    this.requests.close();
    return {
      startedAt: this.startedAt.toISOString(),
      endedAt: new Date().toISOString(),
      total: this.tally.total,
      since: this.tally.since,
      complaints: this.tally.complaints,
      historyFile: this.options.historyFile,
      requestsFile: this.options.requestsFile,
    };
  }
}
