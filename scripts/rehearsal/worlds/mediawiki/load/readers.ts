import { createHash } from "node:crypto";
import type { Random } from "../../../../common/random";
import { type HttpClient, NoReply, type Reply } from "../../../core/load/http";
import type { RequestLog } from "../../../core/load/requestLog";
import { sleep } from "../../../core/load/tokenBucket";
import { pathOf } from "../addresses";
import type { Article, Content, Image } from "./pages";
import type { Session } from "./session";
import type { Tally } from "./tally";

/** What is wrong with a page that was served, or nothing. */
export function pageFault(html: string, wanted: { pageid: number; title: string }): string | undefined {
  const title = /"wgPageName":("(?:[^"\\]|\\.)*")/.exec(html)?.[1];
  if (title === undefined) return "not a page of the wiki";
  if (JSON.parse(title) !== wanted.title.replaceAll(" ", "_")) return `another page: ${title}`;
  const pageid = Number(/"wgArticleId":(\d+)/.exec(html)?.[1]);
  if (pageid !== wanted.pageid) return `page id ${pageid} in place of ${wanted.pageid}`;
  if (!html.includes("</html>")) return "cut off";
  return undefined;
}

/** Whom the wiki takes the reader for; null for nobody it knows. */
export function servedAs(html: string): string | null {
  const name = /"wgUserName":("(?:[^"\\]|\\.)*"|null)/.exec(html)?.[1];
  return name === undefined ? null : JSON.parse(name);
}

export interface ReadersDeps {
  client: HttpClient;
  indexPath: string;
  /** By which half of the pages are read; none where they are only read by `indexPath`. */
  articlePath?: string;
  content: Content;
  /** Logged-in people, who read too. */
  sessions: Session[];
  /** Whose account the others read with, where nobody reads without one. */
  visitor?: Session;
  viewsPerSecond: number;
  maxAtOnce: number;
  random: Random;
  requests: RequestLog;
  tally: Tally;
  /** Called when a page shows that the wiki has forgotten a session. */
  onLoggedOut: (session: Session, code: string) => void;
}

/** Readers come independently of each other and don't wait for one another. */
export class Readers {
  private readonly underWay = new Set<Promise<void>>();

  constructor(private readonly deps: ReadersDeps) {}

  async run(signal: AbortSignal): Promise<void> {
    const { random, viewsPerSecond, maxAtOnce, tally } = this.deps;
    if (viewsPerSecond === 0) return;
    while (await sleep(random.arrivalMs(viewsPerSecond), signal)) {
      if (this.underWay.size >= maxAtOnce) {
        tally.viewLeftOut();
        continue;
      }
      const view = this.view().finally(() => this.underWay.delete(view));
      this.underWay.add(view);
    }
    await Promise.all(this.underWay);
  }

  private view(): Promise<void> {
    const { random, content, sessions } = this.deps;
    if (random.chance(0.04)) return this.recentChanges();
    if (content.images.length > 0 && random.chance(0.07)) return this.image(random.pick(content.images));
    const known = sessions.filter((session) => session.loggedIn);
    const session = known.length > 0 && random.chance(0.1) ? random.pick(known) : this.deps.visitor;
    return this.article(random.pick(content.articles), session);
  }

  private article(article: Article, session?: Session): Promise<void> {
    const { articlePath, indexPath, random } = this.deps;
    const query = new URLSearchParams({ title: article.title.replaceAll(" ", "_") });
    const path =
      articlePath && random.chance(0.5) ? pathOf(articlePath, article.title) : `${indexPath}?${query}`;
    return this.fetch(article.title, path, session, (reply) => {
      const html = reply.body.toString("utf8");
      const fault = pageFault(html, article);
      if (!fault && session?.loggedIn && servedAs(html) !== session.account?.name)
        this.deps.onLoggedOut(session, "page view");
      return fault;
    });
  }

  private recentChanges(): Promise<void> {
    // By another language's name for it, the wiki would only answer with a redirect.
    const { indexPath, content } = this.deps;
    const path = `${indexPath}?${new URLSearchParams({ title: content.recentChanges })}`;
    return this.fetch(content.recentChanges, path, this.deps.visitor, (reply) =>
      reply.body.includes('"wgCanonicalSpecialPageName":"Recentchanges"')
        ? undefined
        : "not the recent changes",
    );
  }

  private image(image: Image): Promise<void> {
    return this.fetch(image.title, image.path, this.deps.visitor, (reply) => {
      const sha1 = createHash("sha1").update(reply.body).digest("hex");
      return sha1 === image.sha1 ? undefined : `SHA-1 ${sha1} in place of ${image.sha1}`;
    });
  }

  private async fetch(
    title: string,
    path: string,
    session: Session | undefined,
    check: (reply: Reply) => string | undefined,
  ): Promise<void> {
    const { client, requests, tally } = this.deps;
    let timed: { startedAtMs: number; latencyMs: number; side?: string };
    let fault: string | undefined;
    try {
      const reply = await client.request({ path, jar: session?.jar });
      timed = reply;
      fault = reply.status === 200 ? check(reply) : `HTTP ${reply.status}`;
    } catch (error) {
      if (!(error instanceof NoReply)) throw error;
      timed = error;
      fault = error.message;
    }
    const { startedAtMs, latencyMs, side } = timed;
    requests.write({ startedAtMs, latencyMs, kind: "view", ok: fault === undefined, side });
    tally.view(fault === undefined, latencyMs);
    if (fault) tally.complain({ t: Date.now(), what: "view", title, reason: fault });
  }
}
