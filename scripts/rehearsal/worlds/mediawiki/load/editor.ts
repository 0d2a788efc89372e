import { createHash } from "node:crypto";
import { messageOf } from "../../../../../engine/errors";
import type { Random } from "../../../../common/random";
import type { JsonLines } from "../../../core/load/jsonLines";
import type { RequestLog } from "../../../core/load/requestLog";
import { sleep, type TokenBucket } from "../../../core/load/tokenBucket";
import type { Change, EditEntry, HistoryEntry } from "./history";
import { png } from "./png";
import { type Answer, meansLoggedOut, type Params, type Session } from "./session";
import type { Tally } from "./tally";
import { editId, fileName, pageTitle, paragraph, sentence, survivesSaving } from "./text";

/** Texts are kept below this length, in UTF-16 units; a longer one is replaced by a new one. */
const LONGEST_TEXT = 8_000;
/** A file gets a new version at the earliest after this time: MediaWiki names old versions by the second. */
const REUPLOAD_AFTER_MS = 3_000;
const LOGIN_AGAIN_MS = 2_000;

interface Page {
  title: string;
  pageid?: number;
  /** Made by this editor, who may move it. */
  own: boolean;
  /** The text as this editor last saw it; none means to ask the wiki. */
  text?: string;
  /** False where saving would change what is already there. */
  extendable: boolean;
}

interface File {
  /** Without the namespace. */
  name: string;
  uploadedAtMs: number;
}

export interface EditorDeps {
  /** Unique for each run. */
  run: string;
  index: number;
  session: Session;
  /** What the wiki calls its namespace of files. */
  fileNamespace: string;
  /** Pages that nobody else edits. */
  titles: string[];
  random: Random;
  bucket: TokenBucket;
  history: JsonLines<HistoryEntry>;
  requests: RequestLog;
  tally: Tally;
}

/** What a change is called and how the page's text reads after it. */
interface TextChange {
  params: Params;
  text: string;
}

export function sha1Hex(data: string | Buffer): string {
  return createHash("sha1").update(data).digest("hex");
}

/** The three ways in which people change a page; only the last one doesn't build on what is there. */
export function changeText(before: string | undefined, id: string, random: Random): TextChange {
  const addition = paragraph(id, random);
  if (before === undefined || before.length > LONGEST_TEXT || random.chance(0.3)) {
    const text = `${addition}\n\n${sentence(random)}`;
    return { params: { text }, text };
  }
  if (random.chance(0.5)) {
    const heading = `Note ${id}`;
    const head = before === "" ? "" : `${before}\n\n`;
    return {
      params: { section: "new", sectiontitle: heading, text: addition },
      text: `${head}== ${heading} ==\n\n${addition}`,
    };
  }
  return { params: { appendtext: `\n\n${addition}` }, text: `${before}\n\n${addition}` };
}

/** One busy person with an account: one change after the other, each one written down before the next begins. */
export class Editor {
  private readonly pages: Page[];
  private readonly files: File[] = [];
  private sequence = 0;

  constructor(private readonly deps: EditorDeps) {
    this.pages = deps.titles.map((title) => ({ title, own: false, extendable: false }));
  }

  async run(signal: AbortSignal): Promise<void> {
    while (await this.deps.bucket.take(signal)) {
      if (!this.deps.session.loggedIn && !(await this.loginAgain(signal))) continue;
      await this.act();
    }
  }

  /** Somebody found that the wiki has forgotten this editor. */
  noteLoggedOut(code: string): void {
    const { session, history, tally } = this.deps;
    if (!session.loggedIn) return;
    session.loggedIn = false;
    history.write({ kind: "loggedOut", t: Date.now(), editor: this.name, code });
    tally.loggedOut();
    tally.complain({ t: Date.now(), what: "loggedOut", title: this.name, reason: code });
  }

  private get name(): string {
    return this.deps.session.account?.name ?? "";
  }

  private async loginAgain(signal: AbortSignal): Promise<boolean> {
    try {
      await this.deps.session.login();
      return true;
    } catch (error) {
      this.deps.tally.complain({
        t: Date.now(),
        what: "loggedOut",
        title: this.name,
        reason: messageOf(error),
      });
      await sleep(LOGIN_AGAIN_MS, signal);
      return false;
    }
  }

  private act(): Promise<void> {
    const { random, run, index } = this.deps;
    const id = editId(run, index, ++this.sequence);
    const movable = this.pages.filter((page) => page.own && page.pageid !== undefined);
    const dice = random.next();
    if (dice < 0.06) return this.upload(id);
    if (dice < 0.1 && movable.length > 0) return this.move(id, random.pick(movable));
    if (dice < 0.22 || this.pages.length === 0) return this.create(id);
    return this.edit(id, random.pick(this.pages));
  }

  private async edit(id: string, page: Page): Promise<void> {
    const { random, session } = this.deps;
    if (page.text === undefined && !(await this.look(page))) return;
    const { params, text } = changeText(page.extendable ? page.text : undefined, id, random);
    const answer = await session.change({
      action: "edit",
      title: page.title,
      summary: `${id} ${sentence(random)}`,
      nocreate: 1,
      watchlist: "nochange",
      ...params,
    });
    const entry = this.editEntry("edit", id, page.title, text, answer);
    if (entry.status === "ok") Object.assign(page, { text, extendable: true, pageid: entry.pageid });
    // Whether the change is there is not known here, so neither is the text.
    else page.text = undefined;
    this.record(entry, answer);
  }

  private async create(id: string): Promise<void> {
    const { random, session } = this.deps;
    const title = pageTitle(id, random);
    const text = `${paragraph(id, random)}\n\n${sentence(random)}`;
    const answer = await session.change({
      action: "edit",
      title,
      text,
      summary: `${id} new page`,
      createonly: 1,
      watchlist: "nochange",
    });
    const entry = this.editEntry("create", id, title, text, answer);
    if (entry.status === "ok")
      this.pages.push({ title: entry.title, pageid: entry.pageid, own: true, text, extendable: true });
    this.record(entry, answer);
  }

  private async move(id: string, page: Page): Promise<void> {
    const { random, session } = this.deps;
    const to = pageTitle(id, random);
    const answer = await session.change({
      action: "move",
      from: page.title,
      to,
      reason: `${id} better name`,
      watchlist: "nochange",
    });
    const title = answer.status === "ok" ? answer.body.move?.to : undefined;
    const outcome = this.outcome(answer, title === undefined);
    this.record(
      { ...outcome, kind: "move", id, pageid: page.pageid ?? 0, from: page.title, title: title ?? to },
      answer,
    );
    if (outcome.status === "ok") page.title = title;
    // Its name is not known any more, so this editor leaves it alone.
    if (outcome.status === "unknown") this.pages.splice(this.pages.indexOf(page), 1);
  }

  private async upload(id: string): Promise<void> {
    const { random, session, fileNamespace } = this.deps;
    const settled = this.files.filter((file) => Date.now() - file.uploadedAtMs > REUPLOAD_AFTER_MS);
    const again = settled.length > 0 && random.chance(0.2) ? random.pick(settled) : undefined;
    const name = again?.name ?? fileName(id, random);
    const bytes = png(id, 8 + random.below(40), random);
    const answer = await session.change(
      {
        action: "upload",
        filename: name,
        comment: `${id} ${sentence(random)}`,
        text: `A picture, ${id}.`,
        ignorewarnings: 1,
        watchlist: "nochange",
      },
      { field: "file", bytes },
    );
    const uploaded = answer.status === "ok" ? answer.body.upload : undefined;
    const outcome = this.outcome(answer, uploaded?.result !== "Success");
    const stored: string = (uploaded?.filename ?? name).replaceAll("_", " ");
    if (again) again.uploadedAtMs = Date.now();
    else if (outcome.status === "ok") this.files.push({ name: stored, uploadedAtMs: Date.now() });
    this.record(
      { ...outcome, kind: "upload", id, title: `${fileNamespace}:${stored}`, sha1: sha1Hex(bytes) },
      answer,
    );
  }

  /** Asks the wiki for a page's text; false if it is gone or the wiki did not say. */
  private async look(page: Page): Promise<boolean> {
    const answer = await this.deps.session.get({
      action: "query",
      prop: "revisions",
      rvprop: "content|sha1",
      rvslots: "main",
      titles: page.title,
    });
    if (answer.status !== "ok") return false;
    const found = answer.body.query?.pages?.[0];
    const revision = found?.revisions?.[0];
    const text = revision?.slots?.main?.content;
    if (typeof text !== "string") {
      this.pages.splice(this.pages.indexOf(page), 1);
      return false;
    }
    page.pageid = found.pageid;
    page.text = text;
    page.extendable = survivesSaving(text) && sha1Hex(text) === revision.sha1;
    return true;
  }

  private editEntry(
    kind: "edit" | "create",
    id: string,
    title: string,
    text: string,
    answer: Answer,
  ): EditEntry {
    const edit = answer.status === "ok" ? answer.body.edit : undefined;
    const outcome = this.outcome(answer, edit?.result !== "Success" || !edit.newrevid);
    return {
      ...outcome,
      kind,
      id,
      title: edit?.title ?? title,
      textSha1: sha1Hex(text),
      pageid: edit?.pageid,
      revid: edit?.newrevid,
    };
  }

  private outcome(answer: Answer, refused: boolean) {
    const base = { t: Date.now(), editor: this.name, latencyMs: Math.round(answer.latencyMs) };
    if (answer.status !== "ok")
      return { ...base, status: answer.status, code: answer.code, message: answer.message.slice(0, 300) };
    if (refused)
      return {
        ...base,
        status: "failed" as const,
        code: "refused",
        message: JSON.stringify(answer.body).slice(0, 300),
      };
    return { ...base, status: "ok" as const };
  }

  private record(change: Change, answer: Answer): void {
    const { history, requests, tally } = this.deps;
    history.write(change);
    const kind = change.kind === "upload" ? "upload" : "edit";
    const { startedAtMs, latencyMs, side } = answer;
    requests.write({ startedAtMs, latencyMs, kind, ok: change.status === "ok", side });
    tally.change(kind === "upload" ? "uploads" : "edits", change.status, latencyMs);
    if (change.status === "ok") return;
    const reason = `${change.status}: ${change.code} ${change.message ?? ""}`;
    tally.complain({ t: change.t, what: kind, title: change.title, reason });
    if (change.code && meansLoggedOut(change.code)) this.noteLoggedOut(change.code);
  }
}
