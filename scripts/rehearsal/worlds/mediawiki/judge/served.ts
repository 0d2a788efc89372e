import { createHash } from "node:crypto";
import pLimit from "p-limit";
import pRetry from "p-retry";
import { WikiferryError } from "../../../../../engine/errors";
import type { HttpClient } from "../../../core/load/http";
import type { Change } from "../load/history";
import { type Account, type ApiBody, type Params, Session } from "../load/session";
import { findId } from "../load/text";
import type { Served, ServedFile, ServedRevision } from "./compare";

/** Requests under way at one time: readers and editors, whose waits are measured, are at work beside it. */
const AT_ONCE = 1;
/** What the API gives at once to people without a bot's rights. */
const BATCH = 50;
const LIST_BATCH = 500;
/** The wiki's clock and the database's may differ by so much. */
const CLOCK_MARGIN_MS = 60_000;

function sha1(data: string | Buffer): string {
  return createHash("sha1").update(data).digest("hex");
}

function batches<T>(all: Iterable<T>, size: number): T[][] {
  const list = [...new Set(all)];
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) =>
    list.slice(i * size, (i + 1) * size),
  );
}

/** Reads a wiki as anybody may, or with an account, by POST: the gate answers those from the side that takes edits. */
export class ServedReader {
  private readonly limit = pLimit(AT_ONCE);
  private readonly session: Session;

  constructor(
    private readonly client: HttpClient,
    apiPath: string,
    account?: Account,
  ) {
    this.session = new Session(client, apiPath, account);
  }

  /** Everything that `changes` speak of; `since` is the wiki's time before the first of them. */
  async read(changes: Change[], since: string): Promise<Served> {
    if (this.session.account && !this.session.loggedIn) await this.session.login();
    const kept = changes.filter(({ status }) => status !== "failed");
    const carriers = await this.carriers(since);
    const revids = new Set<number>();
    const pageids = new Set<number>();
    const titles = new Set<string>();
    for (const entry of kept) {
      if (entry.kind === "upload") titles.add(entry.title);
      else if (entry.pageid !== undefined) pageids.add(entry.pageid);
      if (entry.kind !== "edit" && entry.kind !== "create") continue;
      const revid = entry.revid ?? carriers.get(entry.id)?.[0]?.revid;
      if (revid !== undefined) revids.add(revid);
    }
    const ids = new Set(kept.filter(({ kind }) => kind === "upload").map(({ id }) => id));
    const [revisions, pages, files] = await Promise.all([
      this.revisions(revids),
      this.pages(pageids),
      this.files(titles, ids),
    ]);
    return { revisions, carriers, pages, files };
  }

  private async query(params: Params): Promise<ApiBody> {
    return this.limit(() =>
      pRetry(
        async () => {
          const answer = await this.session.post({ action: "query", ...params });
          if (answer.status === "ok") return answer.body;
          throw new WikiferryError(
            "JUDGE_READ",
            `the wiki did not answer the judge: ${answer.code} ${answer.message}`,
            "Check that the wiki is up at this address, then judge again.",
          );
        },
        { retries: 3, minTimeout: 300 },
      ),
    );
  }

  private async *pagesOf(params: Params): AsyncGenerator<ApiBody> {
    let next: Params | undefined = {};
    while (next) {
      const body: ApiBody = await this.query({ ...params, ...next });
      yield body.query ?? {};
      next = body.continue;
    }
  }

  /** One pass over all revisions since then, whoever made them and wherever they are. */
  private async carriers(since: string): Promise<Served["carriers"]> {
    const start = new Date(Date.parse(since) - CLOCK_MARGIN_MS).toISOString();
    const carriers: Served["carriers"] = new Map();
    const listing = this.pagesOf({
      list: "allrevisions",
      arvprop: "ids|comment",
      arvlimit: LIST_BATCH,
      arvdir: "newer",
      arvstart: start,
    });
    for await (const { allrevisions } of listing)
      for (const { pageid, revisions } of allrevisions ?? [])
        for (const { revid, comment } of revisions) {
          const id = findId(comment ?? "");
          if (id) carriers.set(id, [...(carriers.get(id) ?? []), { revid, pageid }]);
        }
    return carriers;
  }

  private async revisions(revids: Set<number>): Promise<Served["revisions"]> {
    const found: Served["revisions"] = new Map();
    const read = async (batch: number[]) => {
      const params = {
        prop: "revisions",
        rvprop: "ids|sha1|content",
        rvslots: "main",
        revids: batch.join("|"),
      };
      for await (const { pages } of this.pagesOf(params))
        for (const { pageid, revisions } of pages ?? [])
          for (const revision of revisions ?? []) found.set(revision.revid, servedRevision(pageid, revision));
    };
    await Promise.all(batches(revids, BATCH).map(read));
    return found;
  }

  private async pages(pageids: Set<number>): Promise<Served["pages"]> {
    const found: Served["pages"] = new Map();
    const read = async (batch: number[]) => {
      const { query } = await this.query({ prop: "info", pageids: batch.join("|") });
      for (const { pageid, title, lastrevid, missing } of query?.pages ?? [])
        if (!missing) found.set(pageid, { title, lastrevid });
    };
    await Promise.all(batches(pageids, BATCH).map(read));
    return found;
  }

  private async files(titles: Set<string>, ids: Set<string>): Promise<Served["files"]> {
    const found: Served["files"] = new Map();
    const read = async (batch: string[]) => {
      const params = {
        prop: "imageinfo",
        iiprop: "sha1|url|comment",
        iilimit: BATCH,
        titles: batch.join("|"),
      };
      for await (const { pages } of this.pagesOf(params))
        for (const { title, imageinfo } of pages ?? []) {
          const versions = (imageinfo ?? []).filter(({ comment }: ApiBody) =>
            ids.has(findId(comment ?? "") ?? ""),
          );
          const served = await Promise.all(versions.map((version: ApiBody) => this.file(version)));
          found.set(title, [...(found.get(title) ?? []), ...served]);
        }
    };
    await Promise.all(batches(titles, BATCH).map(read));
    return found;
  }

  private async file(version: { comment?: string; sha1: string; url: string }): Promise<ServedFile> {
    const path = new URL(version.url, "http://x").pathname;
    const reply = await this.limit(() =>
      pRetry(() => this.client.request({ path, jar: this.session.jar }), { retries: 3, minTimeout: 300 }),
    );
    const bytesSha1 = reply.status === 200 ? sha1(reply.body) : undefined;
    return { id: findId(version.comment ?? ""), sha1: version.sha1, bytesSha1 };
  }
}

function servedRevision(pageid: number, revision: ApiBody): ServedRevision {
  const text = revision.slots?.main?.content;
  return {
    revid: revision.revid,
    pageid,
    sha1: revision.sha1 ?? "",
    textSha1: typeof text === "string" ? sha1(text) : undefined,
  };
}
