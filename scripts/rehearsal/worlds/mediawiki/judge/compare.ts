import type { Change, EditEntry, MoveEntry, UploadEntry } from "../load/history";

/** A revision as the wiki serves it. */
export interface ServedRevision {
  revid: number;
  pageid: number;
  /** The hash that the database holds, 40 hexadecimal digits; empty where it is hidden. */
  sha1: string;
  /** The hash of the text that was served; none where there is no text. */
  textSha1?: string;
}

/** A version of a file, old ones included. */
export interface ServedFile {
  /** The id in its comment. */
  id?: string;
  /** The hash that the database holds, 40 hexadecimal digits. */
  sha1: string;
  /** The hash of the file itself as downloaded; none where the download failed. */
  bytesSha1?: string;
}

export interface ServedPage {
  title: string;
  /** The revision that readers see. */
  lastrevid: number;
}

/** What the wiki serves of everything that the history speaks of. */
export interface Served {
  revisions: Map<number, ServedRevision>;
  /** For each id, every revision whose summary carries it. */
  carriers: Map<string, { revid: number; pageid: number }[]>;
  pages: Map<number, ServedPage>;
  /** Versions of each file by its title. */
  files: Map<string, ServedFile[]>;
}

export type Fault = "lost" | "doubled" | "altered";

export interface Problem {
  fault: Fault;
  kind: Change["kind"];
  id: string;
  editor: string;
  title: string;
  /** When the change was acknowledged, epoch in milliseconds. */
  t: number;
  detail: string;
  /** True where a change made while the judge was looking could look the same. */
  mayBeRace?: boolean;
}

export interface Comparison {
  problems: Problem[];
  /** Changes whose answer never came, by what the wiki serves. */
  unknown: { found: Change[]; absent: Change[] };
}

interface Verdict {
  fault: Fault;
  detail: string;
  mayBeRace?: boolean;
}

function judgeEdit(entry: EditEntry, served: Served): Verdict | undefined {
  const carriers = served.carriers.get(entry.id) ?? [];
  if (carriers.length > 1)
    return { fault: "doubled", detail: `in revisions ${carriers.map(({ revid }) => revid).join(", ")}` };
  const revid = entry.revid ?? carriers[0]?.revid;
  const revision = revid === undefined ? undefined : served.revisions.get(revid);
  const carrier = carriers[0];
  if (!carrier) {
    const same = revision?.textSha1 === entry.textSha1;
    if (!same)
      return { fault: "lost", detail: `revision ${revid} ${revision ? "is another one" : "is not there"}` };
    return { fault: "altered", detail: `revision ${revid} has another summary` };
  }
  if (carrier.revid !== revid)
    return { fault: "altered", detail: `is revision ${carrier.revid} in place of ${revid}` };
  if (!revision) return { fault: "lost", detail: `revision ${revid} is listed and not served` };
  if (entry.pageid !== undefined && revision.pageid !== entry.pageid)
    return { fault: "altered", detail: `belongs to page ${revision.pageid} in place of ${entry.pageid}` };
  if (revision.textSha1 === undefined) return { fault: "lost", detail: `revision ${revid} has no text` };
  if (revision.textSha1 !== entry.textSha1)
    return { fault: "altered", detail: `text has SHA-1 ${revision.textSha1} in place of ${entry.textSha1}` };
  if (revision.sha1 !== entry.textSha1)
    return { fault: "altered", detail: `recorded SHA-1 is ${revision.sha1} in place of ${entry.textSha1}` };
  return undefined;
}

function judgeMove(entry: MoveEntry, served: Served): Verdict | undefined {
  const carriers = (served.carriers.get(entry.id) ?? []).filter(({ pageid }) => pageid === entry.pageid);
  if (carriers.length === 0) return { fault: "lost", detail: `page ${entry.pageid} does not know of it` };
  if (carriers.length > 1)
    return { fault: "doubled", detail: `in revisions ${carriers.map(({ revid }) => revid).join(", ")}` };
  return undefined;
}

function judgeUpload(entry: UploadEntry, served: Served): Verdict | undefined {
  const versions = (served.files.get(entry.title) ?? []).filter(({ id }) => id === entry.id);
  const [version] = versions;
  if (!version) return { fault: "lost", detail: "no version of the file carries it" };
  if (versions.length > 1) return { fault: "doubled", detail: `${versions.length} versions carry it` };
  if (version.sha1 !== entry.sha1)
    return { fault: "altered", detail: `recorded SHA-1 is ${version.sha1} in place of ${entry.sha1}` };
  if (version.bytesSha1 === undefined)
    return { fault: "lost", detail: "the file itself can't be downloaded", mayBeRace: true };
  if (version.bytesSha1 !== entry.sha1)
    return {
      fault: "altered",
      detail: `the file has SHA-1 ${version.bytesSha1} in place of ${entry.sha1}`,
      mayBeRace: true,
    };
  return undefined;
}

function judgeChange(entry: Change, served: Served): Verdict | undefined {
  if (entry.kind === "move") return judgeMove(entry, served);
  if (entry.kind === "upload") return judgeUpload(entry, served);
  return judgeEdit(entry, served);
}

/** What a page must be called and show at least, after everything that holds. */
interface ExpectedPage {
  titled: Change;
  newest?: EditEntry & { revid: number };
}

function expectedPages(holding: Change[]): Map<number, ExpectedPage> {
  const pages = new Map<number, ExpectedPage>();
  for (const entry of holding) {
    if (entry.kind === "upload" || entry.pageid === undefined) continue;
    const page = pages.get(entry.pageid) ?? { titled: entry };
    page.titled = entry;
    if (entry.kind !== "move" && (entry.revid ?? 0) > (page.newest?.revid ?? 0))
      page.newest = { ...entry, revid: entry.revid ?? 0 };
    pages.set(entry.pageid, page);
  }
  return pages;
}

/**
 * Compares a history with what a wiki serves.
 * @param changes in the order in which they were written down
 * @param later changes written down while the wiki was being read: their titles may already be served
 */
export function compare(changes: Change[], served: Served, later: Change[] = []): Comparison {
  const problems: Problem[] = [];
  const unknown: Comparison["unknown"] = { found: [], absent: [] };
  const holding: Change[] = [];
  const note = ({ kind, id, editor, title, t }: Change, verdict: Verdict) =>
    problems.push({ ...verdict, kind, id, editor, title, t });

  for (const entry of changes) {
    if (entry.status === "failed") continue;
    const verdict = judgeChange(entry, served);
    if (entry.status === "unknown") {
      const absent = verdict?.fault === "lost";
      unknown[absent ? "absent" : "found"].push(entry);
      if (absent) continue;
    }
    if (verdict) note(entry, verdict);
    if (verdict?.fault !== "lost") holding.push(entry);
  }
  for (const [pageid, { titled, newest }] of expectedPages(holding)) {
    const page = served.pages.get(pageid);
    if (!page) {
      note(titled, { fault: "lost", detail: "its page is gone" });
      continue;
    }
    const allowed = later.filter((move) => move.kind === "move" && move.pageid === pageid);
    if (page.title !== titled.title && !allowed.some(({ title }) => title === page.title))
      note(titled, { fault: "altered", detail: `its page is called ${page.title}`, mayBeRace: true });
    if (newest && page.lastrevid < newest.revid)
      note(newest, {
        fault: "lost",
        detail: `readers see revision ${page.lastrevid}, older than ${newest.revid}`,
      });
  }
  return { problems, unknown };
}
