import { messageOf, WikiferryError } from "../../errors";
import type { MoveSpec, Side } from "../../move";
import type { Session } from "../../runtime/mariadb/server";
import type { ExpectedFile, UploadLayout } from "./layout";

/** A record of a change to a file. */
export interface FileEvent {
  /** The file, and its new name if it was moved. */
  names: string[];
  /** Whether the change removes files, some of them only after the record was committed (hidden versions do). */
  removes: boolean;
  /** Time of the record, in milliseconds since 1970, by the wiki's clock. */
  atMs: number;
}

/** What MediaWiki's tables say about the uploads. */
export class UploadRecords {
  constructor(
    private readonly session: Pick<Session, "rows">,
    private readonly wiki: Pick<MoveSpec["wiki"], "database" | "tablePrefix">,
    private readonly layout: UploadLayout,
  ) {}

  /** Every file that should exist. With `names`, only the files of those names. */
  async expected(names?: string[]): Promise<ExpectedFile[]> {
    if (names === undefined) return this.read();
    const files: ExpectedFile[] = [];
    for (let at = 0; at < names.length; at += 500)
      files.push(...(await this.read(names.slice(at, at + 500))));
    return files;
  }

  /**
   * What happened to files at `sinceMs` or later, by what identifies each record: uploaded, replaced, moved, deleted,
   * restored, hidden. The log has most of it; the tables' own times cover what creates no log entry. An old version
   * needs no query of its own: it appears with a change of the file's row, or with a log entry.
   * @param sinceMs Milliseconds since 1970, by the wiki's clock.
   */
  async events(sinceMs: number): Promise<Map<string, FileEvent>> {
    const since = timestamp(sinceMs);
    const events = new Map<string, FileEvent>();
    // One statement, because at the end of a flip writes wait for its result.
    const table = (name: string) => [this.wiki.database, this.wiki.tablePrefix + name];
    const bytes = (...columns: string[]) =>
      columns.map((column, i) => `CAST(${column} AS BINARY) AS ${"abcde"[i]}`).join(", ");
    const rows = await this.session.rows<Record<"kind" | "a" | "b" | "c" | "d" | "e", unknown>>(
      `SELECT 'logging' AS kind, ${bytes("log_timestamp", "log_id", "log_type", "log_title", "log_params")} FROM ??.??
        WHERE log_namespace = 6 AND log_timestamp >= ? AND log_type NOT IN ('create', 'patrol', 'protect')
       UNION ALL SELECT 'image', ${bytes("img_timestamp", "img_sha1", "img_name")}, NULL, NULL FROM ??.??
        WHERE img_timestamp >= ?
       UNION ALL SELECT 'filearchive', ${bytes("fa_deleted_timestamp", "fa_storage_key", "fa_name")}, NULL, NULL FROM ??.??
        WHERE fa_deleted_timestamp >= ?`,
      [...table("logging"), since, ...table("image"), since, ...table("filearchive"), since],
    );
    for (const row of rows) {
      const [kind, a, b, c, d] = [text(row.kind), text(row.a), text(row.b), text(row.c), text(row.d)];
      const atMs = milliseconds(a);
      if (kind === "logging") {
        const target = moveTarget(text(row.e));
        events.set(`logging ${b}`, { names: target ? [d, target] : [d], removes: removing.has(c), atMs });
      } else {
        events.set(`${kind} ${a} ${b} ${c}`, { names: [c], removes: kind === "filearchive", atMs });
      }
    }
    return events;
  }

  private async read(names?: string[]): Promise<ExpectedFile[]> {
    const of = (column: string) => (names ? ` WHERE ${column} IN (?)` : "");
    const values = names ? [names.map((name) => Buffer.from(name))] : [];
    const files: (ExpectedFile | undefined)[] = [];
    const images = await this.rows<{ name: unknown; sha1: unknown; bytes: unknown }>(
      `SELECT img_name AS name, img_sha1 AS sha1, img_size AS bytes FROM ??.??${of("img_name")}`,
      "image",
      values,
    );
    for (const { name, sha1, bytes } of images)
      files.push(this.layout.current({ name: text(name), sha1: text(sha1), bytes: Number(bytes) }));
    const olds = await this.rows<Record<"name" | "archived" | "sha1" | "deleted" | "bytes", unknown>>(
      `SELECT oi_name AS name, oi_archive_name AS archived, oi_sha1 AS sha1, oi_deleted AS deleted, oi_size AS bytes FROM ??.??${of("oi_name")}`,
      "oldimage",
      values,
    );
    for (const row of olds) {
      files.push(
        this.layout.old({
          name: text(row.name),
          archiveName: text(row.archived),
          sha1: text(row.sha1),
          deleted: Number(row.deleted),
          bytes: Number(row.bytes),
        }),
      );
    }
    const archived = await this.rows<{ key: unknown }>(
      `SELECT fa_storage_key AS \`key\` FROM ??.??${of("fa_name")}`,
      "filearchive",
      values,
    );
    for (const row of archived) files.push(this.layout.archived({ storageKey: text(row.key) }));
    return files.filter((file) => file !== undefined);
  }

  private rows<T>(sql: string, table: string, values: unknown[]): Promise<T[]> {
    return this.session.rows<T>(sql, [this.wiki.database, this.wiki.tablePrefix + table, ...values]);
  }
}

/** Every file that a side should have. @throws `FILES_RECORDS` */
export async function recordedOn(side: Side, open: () => Promise<UploadRecords>): Promise<ExpectedFile[]> {
  try {
    return await (await open()).expected();
  } catch (error) {
    if (error instanceof WikiferryError) throw error;
    throw new WikiferryError(
      "FILES_RECORDS",
      `MediaWiki's records of uploads on ${side} can't be read: ${messageOf(error)}`,
      "See wiki.database and wiki.tablePrefix",
      { cause: error },
    );
  }
}

/** Types of log entries after which files have moved or are gone. */
const removing = new Set(["delete", "suppress", "move"]);

/** Binary columns arrive as bytes. */
function text(value: unknown): string {
  return Buffer.isBuffer(value) ? value.toString() : String(value ?? "");
}

/** MediaWiki's 14 digits, UTC. */
function timestamp(ms: number): string {
  return new Date(ms).toISOString().replace(/\D/g, "").slice(0, 14);
}

function milliseconds(timestamp: string): number {
  return Date.parse(timestamp.replace(/^(....)(..)(..)(..)(..)(..)$/, "$1-$2-$3T$4:$5:$6Z"));
}

/** The new name in a move's `log_params`, which PHP serialized. */
function moveTarget(params: string): string | undefined {
  const title = /s:9:"4::target";s:\d+:"([^\0]*?)";s:\d+:"5::/.exec(params)?.[1];
  return title?.slice(title.indexOf(":") + 1).replaceAll(" ", "_");
}
