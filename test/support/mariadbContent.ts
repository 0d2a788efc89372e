import { createHash } from "node:crypto";
import type { Server, Session } from "../../engine/runtime/mariadb/server";

/** Titles that a wrong character set or a wrong escape would change. */
export const trickyTitles = [
  "Emoji_😀_𝄞",
  "Quote_'_\"_\\_backslash",
  "NUL_\0_and_\x1a_and_\r\n",
  "Ünïcödé_漢字",
  "%_;--/*",
];

/**
 * Tables as in MediaWiki 1.39: binary strings, a MyISAM search index, one table without a key; and what a wiki may have
 * besides: a trigger, a routine, an event, a view, a generated column.
 */
export async function fillWiki(
  blue: Server,
  database: string,
  options: { pages: number; prefix?: string; textBytes?: number },
): Promise<void> {
  const p = options.prefix ?? "";
  const session = await blue.open({ database });
  try {
    await session.run(
      `CREATE TABLE ${p}page (page_id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
         page_namespace INT NOT NULL, page_title VARBINARY(255) NOT NULL, page_random DOUBLE UNSIGNED NOT NULL,
         page_touched BINARY(14) NOT NULL, UNIQUE KEY name_title (page_namespace, page_title)) ENGINE=InnoDB CHARSET=binary`,
    );
    await session.run(
      `CREATE TABLE ${p}text (old_id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, old_text MEDIUMBLOB NOT NULL,
         old_flags TINYBLOB NOT NULL, old_length INT AS (LENGTH(old_text)) VIRTUAL) ENGINE=InnoDB CHARSET=binary`,
    );
    await session.run(
      `CREATE TABLE ${p}searchindex (si_page INT UNSIGNED NOT NULL, si_title VARCHAR(255) NOT NULL DEFAULT '',
         si_text MEDIUMTEXT NOT NULL, UNIQUE KEY si_page (si_page), FULLTEXT KEY si_title (si_title),
         FULLTEXT KEY si_text (si_text)) ENGINE=MyISAM CHARSET=utf8mb3`,
    );
    await session.run(
      `CREATE TABLE ${p}keyless (k_name VARBINARY(255), k_value INT, k_double DOUBLE) ENGINE=InnoDB CHARSET=binary`,
    );
    await session.run(
      `CREATE TABLE ${p}legacy (l_id INT PRIMARY KEY, l_name VARCHAR(50) COLLATE latin1_swedish_ci COMMENT 'Größe', l_kind ENUM('ä','ö') CHARSET utf8mb4) ENGINE=InnoDB CHARSET=latin1`,
    );
    await session.run(`INSERT INTO ${p}legacy VALUES (1, 'Straße', 'ö')`);
    await session.run(`CREATE TABLE ${p}tick (t INT) ENGINE=InnoDB`);
    await session.run(`CREATE DEFINER=wikiuser@'%' VIEW ${p}titles AS SELECT page_title FROM ${p}page`);
    await session.run(
      `CREATE DEFINER=wikiuser@'%' TRIGGER ${p}touch BEFORE INSERT ON ${p}keyless FOR EACH ROW SET NEW.k_value = NEW.k_value + 1`,
    );
    await session.run(`CREATE DEFINER=wikiuser@'%' FUNCTION ${p}one() RETURNS INT DETERMINISTIC RETURN 1`);
    await session.run(
      `CREATE DEFINER=wikiuser@'%' EVENT ${p}ticking ON SCHEDULE EVERY 1 SECOND DO INSERT INTO ${p}tick VALUES (1)`,
    );
    for (const title of trickyTitles) await addPage(session, p, title, Buffer.from(title));
    for (let first = 0; first < options.pages; first += 200) {
      const numbers = Array.from({ length: Math.min(200, options.pages - first) }, (_, i) => first + i);
      await session.run(`INSERT INTO ${p}page VALUES ?`, [
        numbers.map((i) => [null, 0, `Page_${i}`, i / 7, "20261121000000"]),
      ]);
      await session.run(`INSERT INTO ${p}text (old_text, old_flags) VALUES ?`, [
        numbers.map((i) => [textOf(i, options.textBytes ?? 400), "utf-8"]),
      ]);
    }
    await session.run(
      `REPLACE INTO ${p}searchindex SELECT page_id, CONCAT('page ', page_id), CONCAT('text of ', page_id) FROM ${p}page`,
    );
    for (let i = 0; i < 50; i++) {
      await session.run(`INSERT INTO ${p}keyless VALUES (?, ?, ?)`, [`k${i % 7}`, i, Math.PI * i]);
    }
  } finally {
    await session.close();
  }
}

export async function addPage(session: Session, prefix: string, title: string, text: Buffer): Promise<void> {
  await session.run(`INSERT INTO ${prefix}page VALUES (NULL, 0, ?, RAND(), '20261121000000')`, [
    Buffer.from(title),
  ]);
  const id = Number(await session.value("SELECT LAST_INSERT_ID()"));
  await session.run(`INSERT INTO ${prefix}text (old_text, old_flags) VALUES (?, 'utf-8')`, [text]);
  await session.run(`REPLACE INTO ${prefix}searchindex VALUES (?, ?, ?)`, [
    id,
    `page ${id}`,
    `text of ${id}`,
  ]);
}

/** Bytes of all values, the same for the same number. */
function textOf(seed: number, bytes: number): Buffer {
  const out = Buffer.alloc(bytes);
  for (let at = 0; at < bytes; at += 32) {
    createHash("sha256").update(`${seed}:${at}`).digest().copy(out, at);
  }
  return out;
}

/** A digest of each table of a database, rows in any order, values byte for byte. */
export async function contentOf(server: Server, database: string): Promise<Record<string, string>> {
  const tables = await server.rows<{ name: string }>(
    "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = ? AND table_type = 'BASE TABLE' ORDER BY 1",
    [database],
  );
  const content: Record<string, string> = {};
  for (const { name } of tables) {
    const columns = await server.rows<{ name: string }>(
      "SELECT column_name AS name FROM information_schema.columns WHERE table_schema = ? AND table_name = ? ORDER BY ordinal_position",
      [database, name],
    );
    const hex = columns.map((column) => `COALESCE(HEX(\`${column.name}\`), 'NULL')`).join(", '|', ");
    const rows = await server.rows<{ line: string }>(`SELECT CONCAT(${hex}) AS line FROM ??.??`, [
      database,
      name,
    ]);
    const hash = createHash("sha256");
    for (const line of rows.map((row) => String(row.line)).sort()) hash.update(line).update("\n");
    content[name] = `${rows.length} rows ${hash.digest("hex")}`;
  }
  return content;
}
