import { readFileSync } from "node:fs";
import { parseLines } from "../../../core/load/jsonLines";

/** `unknown`: no answer came, so the judge looks whether it was carried out. */
export type ChangeStatus = "ok" | "failed" | "unknown";

interface ChangeBase {
  /** When the answer came, epoch in milliseconds. */
  t: number;
  editor: string;
  /** Unique, in the summary (and in an edit's text). */
  id: string;
  status: ChangeStatus;
  latencyMs: number;
  /** Error code and message, where the status is not `ok`. */
  code?: string;
  message?: string;
}

export interface EditEntry extends ChangeBase {
  kind: "edit" | "create";
  title: string;
  /** SHA-1 of the page's text after the edit as MediaWiki keeps it, 40 hexadecimal digits. */
  textSha1: string;
  /** Known when acknowledged. */
  pageid?: number;
  revid?: number;
}

export interface MoveEntry extends ChangeBase {
  kind: "move";
  pageid: number;
  from: string;
  /** The new title. */
  title: string;
}

export interface UploadEntry extends ChangeBase {
  kind: "upload";
  /** With the wiki's own name of its namespace: `File:…`, `Datei:…`. */
  title: string;
  /** SHA-1 of the file, 40 hexadecimal digits. */
  sha1: string;
}

export type Change = EditEntry | MoveEntry | UploadEntry;

export type HistoryEntry =
  | Change
  /** `serverTime`: ISO 8601, before the first change. */
  | { kind: "start"; t: number; run: string; serverTime: string }
  | { kind: "mark"; t: number; name: string }
  | { kind: "loggedOut"; t: number; editor: string; code: string };

export function isChange(entry: HistoryEntry): entry is Change {
  return ["edit", "create", "move", "upload"].includes(entry.kind);
}

export function readHistory(path: string): HistoryEntry[] {
  return parseLines<HistoryEntry>(readFileSync(path, "utf8"));
}
