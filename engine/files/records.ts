import type { Session } from "../mariadb/server";
import type { MoveSpec } from "../move";
import type { ExpectedFile, UploadLayout } from "./layout";

/** What MediaWiki's tables say of the uploads. */
export class UploadRecords {
  constructor(
    private readonly session: Pick<Session, "rows">,
    private readonly wiki: Pick<MoveSpec["wiki"], "database" | "tablePrefix">,
    private readonly layout: UploadLayout,
  ) {}

  /** Every file that should be there; of the files called `names`, if they are given. */
  async expected(names?: string[]): Promise<ExpectedFile[]> {
    if (names === undefined) return this.read();
    const files: ExpectedFile[] = [];
    for (let at = 0; at < names.length; at += 500)
      files.push(...(await this.read(names.slice(at, at + 500))));
    return files;
  }

  /**
   * Names of all files of which a record changed at `sinceMs` or after: uploaded, replaced, moved, deleted, restored,
   * hidden. The log names most; the tables' own times cover what is imported without a log entry.
   *
   * @param sinceMs Milliseconds since 1970, of the database server's clock.
   */
  async changedSince(sinceMs: number): Promise<string[]> {
    const since = timestamp(sinceMs);
    const names = new Set<string>();
    const logged = await this.rows<{ title: unknown; params: unknown }>(
      "SELECT log_title AS title, log_params AS params FROM ??.?? WHERE log_namespace = 6 AND log_timestamp >= ?",
      "logging",
      [since],
    );
    for (const row of logged) {
      names.add(text(row.title));
      const target = moveTarget(text(row.params));
      if (target) names.add(target);
    }
    const tables: [string, string][] = [
      ["image", "SELECT img_name AS name FROM ??.?? WHERE img_timestamp >= ?"],
      ["oldimage", "SELECT oi_name AS name FROM ??.?? WHERE oi_archive_name >= ? OR oi_timestamp >= ?"],
      ["filearchive", "SELECT fa_name AS name FROM ??.?? WHERE fa_deleted_timestamp >= ?"],
    ];
    for (const [table, sql] of tables) {
      const values = table === "oldimage" ? [since, since] : [since];
      for (const row of await this.rows<{ name: unknown }>(sql, table, values)) names.add(text(row.name));
    }
    return [...names];
  }

  private async read(names?: string[]): Promise<ExpectedFile[]> {
    const of = (column: string) => (names ? ` WHERE ${column} IN (?)` : "");
    const values = names ? [names.map((name) => Buffer.from(name))] : [];
    const files: (ExpectedFile | undefined)[] = [];
    const images = await this.rows<{ name: unknown; sha1: unknown }>(
      `SELECT img_name AS name, img_sha1 AS sha1 FROM ??.??${of("img_name")}`,
      "image",
      values,
    );
    for (const row of images) files.push(this.layout.current({ name: text(row.name), sha1: text(row.sha1) }));
    const olds = await this.rows<{ name: unknown; archived: unknown; sha1: unknown; deleted: unknown }>(
      `SELECT oi_name AS name, oi_archive_name AS archived, oi_sha1 AS sha1, oi_deleted AS deleted FROM ??.??${of("oi_name")}`,
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

/** Binary columns arrive as bytes. */
function text(value: unknown): string {
  return Buffer.isBuffer(value) ? value.toString() : String(value ?? "");
}

/** MediaWiki's 14 digits, UTC. */
function timestamp(ms: number): string {
  return new Date(ms).toISOString().replace(/\D/g, "").slice(0, 14);
}

/** The new name in a move's `log_params`, which PHP serialized. */
function moveTarget(params: string): string | undefined {
  const title = /s:9:"4::target";s:\d+:"([^\0]*?)";s:\d+:"5::/.exec(params)?.[1];
  return title?.slice(title.indexOf(":") + 1).replaceAll(" ", "_");
}
