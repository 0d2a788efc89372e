import { setTimeout as sleep } from "node:timers/promises";
import type { Server, Session } from "../../../engine/runtime/mariadb/server";
import type { Random } from "../../common/random";

/** Tables of every kind that a copy handles differently, about 12 MB. */
const tables = [
  `CREATE TABLE text (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, body MEDIUMBLOB NOT NULL,
     size INT AS (LENGTH(body)) VIRTUAL) ENGINE=InnoDB CHARSET=binary`,
  `CREATE TABLE page (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, title VARBINARY(100) NOT NULL,
     kind ENUM('a','','c') NOT NULL, touched TIMESTAMP(3) NULL, score FLOAT, UNIQUE KEY title (title),
     KEY touched (touched)) ENGINE=InnoDB CHARSET=binary`,
  `CREATE TABLE link (source INT UNSIGNED NOT NULL, target VARBINARY(100) NOT NULL, weight INT NOT NULL,
     PRIMARY KEY (source, target), KEY target (target, source), KEY weight (weight)) ENGINE=InnoDB CHARSET=binary`,
  `CREATE TABLE named (name VARCHAR(60) COLLATE utf8mb4_general_ci NOT NULL, n INT, UNIQUE KEY (name)) ENGINE=InnoDB CHARSET=utf8mb4`,
  "CREATE TABLE visit (who VARBINARY(30), at INT, KEY (at)) ENGINE=InnoDB CHARSET=binary",
  `CREATE TABLE search (page INT UNSIGNED NOT NULL, body MEDIUMTEXT NOT NULL, UNIQUE KEY page (page),
     FULLTEXT KEY body (body)) ENGINE=MyISAM CHARSET=utf8mb3`,
];

export const pages = 4_000;

export async function fill(blue: Server, database: string): Promise<void> {
  const session = await blue.open({ database });
  try {
    for (const table of tables) await session.run(table);
    const seq = `seq_1_to_${pages}`;
    await session.run(
      `INSERT INTO text (id, body) SELECT seq, REPEAT(UNHEX(SHA1(seq)), 20 + seq MOD 200) FROM ${seq}`,
    );
    await session.run(
      `INSERT INTO page SELECT seq, CONCAT('Page_', seq), 1 + seq MOD 3, FROM_UNIXTIME(1e9 + seq * 99.5), seq / 7 FROM ${seq}`,
    );
    await session.run(
      `INSERT INTO link SELECT 1 + seq MOD ${pages}, CONCAT('Page_', seq), seq FROM seq_1_to_${pages * 10}`,
    );
    await session.run(`INSERT INTO named SELECT CONCAT('Näme ', seq, ' 😀'), seq FROM ${seq}`);
    await session.run(`INSERT INTO visit SELECT CONCAT('who', seq MOD 50), seq FROM ${seq}`);
    await session.run(`INSERT INTO search SELECT seq, CONCAT('text of page ', seq) FROM ${seq}`);
    await session.run("CREATE VIEW titles AS SELECT title FROM page");
  } finally {
    await session.close();
  }
}

/** Keeps writing on blue until it is stopped, whatever happens to its connection. */
export class Editor {
  private stopped = false;
  private running: Promise<void> | undefined;
  /** Statements that were executed. */
  edits = 0;

  constructor(
    private readonly blue: Server,
    private readonly database: string,
    private readonly random: Random,
  ) {}

  start(): void {
    this.running = this.loop();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  private async loop(): Promise<void> {
    let session: Session | undefined;
    while (!this.stopped) {
      try {
        session ??= await this.blue.open({ database: this.database, connectTimeoutMs: 2_000 });
        await session.run(this.statement());
        this.edits++;
        await sleep(5);
      } catch {
        session?.destroy();
        session = undefined;
        await sleep(200);
      }
    }
    session?.destroy();
  }

  private statement(): string {
    const { random } = this;
    const id = 1 + random.below(pages);
    const other = 1 + random.below(pages);
    return random.pick([
      `INSERT INTO text (body) VALUES (REPEAT('new text ${id} ', ${random.below(500)}))`,
      `UPDATE text SET body = CONCAT('changed ', body) WHERE id = ${id}`,
      `DELETE FROM text WHERE id = ${id}`,
      `INSERT IGNORE INTO page (title, kind) VALUES ('New_${id}', 'c')`,
      // A title that moves from page to page, as when one is moved over another.
      `UPDATE page SET title = IF(id = ${id}, CONCAT(title, '_old_${this.edits}'), title) WHERE id = ${id}`,
      `UPDATE IGNORE page SET title = 'Page_${other}' WHERE id = ${id}`,
      `INSERT IGNORE INTO link VALUES (${id}, 'Page_${other}', ${other})`,
      // Rows whose key changes.
      `UPDATE IGNORE link SET source = ${other} WHERE source = ${id}`,
      `UPDATE IGNORE text SET id = id + ${10 * pages} WHERE id = ${id}`,
      `DELETE FROM link WHERE source = ${id} LIMIT 3`,
      `REPLACE INTO named VALUES ('Näme ${id} 😀', ${other}), ('new ${other}', ${id})`,
      `UPDATE IGNORE named SET name = 'moved ${other}' WHERE name = 'Näme ${id} 😀'`,
      `INSERT INTO visit VALUES ('new', ${id})`,
      `UPDATE visit SET at = at + 1 WHERE at = ${id}`,
      `DELETE FROM visit WHERE at = ${id} LIMIT 1`,
      `UPDATE search SET body = 'changed ${other}' WHERE page = ${id}`,
      `DELETE FROM search WHERE page = ${id}`,
      `REPLACE INTO search VALUES (${pages + id}, 'new ${id}')`,
    ]);
  }
}
