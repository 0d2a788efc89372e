import { blocks } from "./prose";

/** Where the stock of text is stored while tables are filled. */
export const stockTable = "bench_stock";

/** A table of the wiki: its definition, and how to generate a range of its rows from their numbers alone. */
export interface WikiTable {
  name: string;
  /** Share of all bytes, data and indexes. */
  share: number;
  /** Size of one row in InnoDB, with its index entries, as measured. */
  rowBytes: number;
  columns: string;
  /**
   * Select list of the rows `n` of `s`; `p` is a row of the stock. `seed` changes the content but not the size, `rows`
   * is the total number of rows.
   */
  select(seed: number, rows: number): string;
}

/** A number from 0 to 1 that depends on the row and the purpose. */
const chance = (seed: number, purpose: string) => `(CRC32(CONCAT('${purpose}${seed}-', s.n)) / 4294967296)`;
const below = (seed: number, purpose: string, end: number) =>
  `(CRC32(CONCAT('${purpose}${seed}-', s.n)) % ${end})`;
const timestamp = (start: number, step: number) =>
  `DATE_FORMAT(FROM_UNIXTIME(${start} + s.n * ${step}), '%Y%m%d%H%i%S')`;
/** From 1 to `rows`, scattered, and different for neighbours. */
const scattered = (rows: number) =>
  `(1 + CAST(s.n * 7919 AS UNSIGNED) % ${rows % 7919 === 0 ? rows + 1 : rows})`;

/** Which block of the stock row `n` of `text` uses: one or the other kind of prose. */
export const blockOf = (seed: number) => `(${below(seed, "block", blocks)} + IF(s.n % 20 < 8, 0, ${blocks}))`;

/** The tables of MediaWiki 1.39 that make up most of a wiki, with their typical shares. */
export const wikiTables: readonly WikiTable[] = [
  {
    name: "text",
    share: 0.7,
    rowBytes: 13_320,
    columns: `old_id INT UNSIGNED NOT NULL AUTO_INCREMENT, old_text MEDIUMBLOB NOT NULL, old_flags TINYBLOB NOT NULL,
      PRIMARY KEY (old_id)`,
    // Two thirds uncompressed as MediaWiki stores them, a third compressed: AES turns the same text into bytes that
    // can't be compressed further and include every byte value.
    select: (seed) => {
      const bytes = `1000 + FLOOR(59000 * POW(${chance(seed, "bytes")}, 6))`;
      const cut = `SUBSTR(p.body, 1 + ${below(seed, "from", 5_000)}, ${bytes})`;
      return `s.n, IF(s.n % 20 < 13, CONCAT('== Page ', s.n, ' ==\\n', ${cut}), AES_ENCRYPT(${cut}, CONCAT('${seed}-', s.n))),
        IF(s.n % 20 < 13, 'utf-8', 'utf-8,gzip')`;
    },
  },
  {
    name: "revision",
    share: 0.09,
    rowBytes: 317,
    columns: `rev_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT, rev_page INT UNSIGNED NOT NULL,
      rev_comment_id BIGINT UNSIGNED NOT NULL DEFAULT 0, rev_actor BIGINT UNSIGNED NOT NULL DEFAULT 0,
      rev_timestamp BINARY(14) NOT NULL, rev_minor_edit TINYINT UNSIGNED NOT NULL DEFAULT 0,
      rev_deleted TINYINT UNSIGNED NOT NULL DEFAULT 0, rev_len INT UNSIGNED DEFAULT NULL,
      rev_parent_id BIGINT UNSIGNED DEFAULT NULL, rev_sha1 VARBINARY(32) NOT NULL DEFAULT '',
      PRIMARY KEY (rev_id), KEY rev_timestamp (rev_timestamp), KEY rev_page_timestamp (rev_page, rev_timestamp),
      KEY rev_actor_timestamp (rev_actor, rev_timestamp, rev_id)`,
    select: (
      seed,
      rows,
    ) => `s.n, ${scattered(Math.max(20, Math.ceil(rows / 4)))}, s.n, 1 + ${below(seed, "actor", 500)}, ${timestamp(1_200_000_000, 37)},
      s.n % 5 = 0, 0, IF(s.n % 97 = 0, NULL, ${below(seed, "len", 60_000)}), IF(s.n % 4 = 0, NULL, s.n - 1),
      LEFT(SHA1(CONCAT('${seed}-', s.n)), 31)`,
  },
  {
    name: "page",
    share: 0.03,
    rowBytes: 262,
    columns: `page_id INT UNSIGNED NOT NULL AUTO_INCREMENT, page_namespace INT NOT NULL, page_title VARBINARY(255) NOT NULL,
      page_is_redirect TINYINT UNSIGNED NOT NULL DEFAULT 0, page_is_new TINYINT UNSIGNED NOT NULL DEFAULT 0,
      page_random DOUBLE UNSIGNED NOT NULL, page_touched BINARY(14) NOT NULL, page_links_updated VARBINARY(14) DEFAULT NULL,
      page_latest INT UNSIGNED NOT NULL, page_len INT UNSIGNED NOT NULL, page_content_model VARBINARY(32) DEFAULT NULL,
      page_lang VARBINARY(35) DEFAULT NULL,
      PRIMARY KEY (page_id), UNIQUE KEY page_name_title (page_namespace, page_title), KEY page_random (page_random),
      KEY page_len (page_len)`,
    select: (
      seed,
    ) => `s.n, s.n % 16, CONCAT(ELT(1 + s.n % 4, 'Ferry_', '🚢_', 'Ω_', ''), 'Page_', s.n), s.n % 50 = 0, s.n % 9 = 0,
      ${chance(seed, "random")}, ${timestamp(1_600_000_000, 61)}, IF(s.n % 3 = 0, NULL, ${timestamp(1_600_000_000, 61)}),
      s.n * 4, ${below(seed, "len", 60_000)}, IF(s.n % 7 = 0, NULL, 'wikitext'), IF(s.n % 11 = 0, '', NULL)`,
  },
  {
    name: "comment",
    share: 0.03,
    rowBytes: 195,
    columns: `comment_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT, comment_hash INT NOT NULL,
      comment_text VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL, comment_data BLOB DEFAULT NULL,
      PRIMARY KEY (comment_id), KEY comment_hash (comment_hash)`,
    select: (seed) => `s.n, CAST(CRC32(CONCAT('${seed}-', s.n)) AS SIGNED) - 2147483648,
      CONCAT('Corrects 🚢 the log of ', s.n, ' ', REPEAT('é', s.n % 40), IF(s.n % 3 = 0, ' ', '')), IF(s.n % 4 = 0, NULL, '')`,
  },
  {
    name: "pagelinks",
    share: 0.08,
    rowBytes: 190,
    columns: `pl_from INT UNSIGNED NOT NULL DEFAULT 0, pl_namespace INT NOT NULL DEFAULT 0,
      pl_title VARBINARY(255) NOT NULL DEFAULT '', pl_from_namespace INT NOT NULL DEFAULT 0,
      PRIMARY KEY (pl_from, pl_namespace, pl_title), KEY pl_namespace (pl_namespace, pl_title, pl_from),
      KEY pl_backlinks_namespace (pl_from_namespace, pl_namespace, pl_title, pl_from)`,
    select: (seed, rows) =>
      `1 + s.n DIV 20, 0, CONCAT('Page_', ${scattered(Math.max(21, rows))}), ${below(seed, "namespace", 16)}`,
  },
  {
    name: "categorylinks",
    share: 0.05,
    rowBytes: 238,
    columns: `cl_from INT UNSIGNED NOT NULL DEFAULT 0, cl_to VARBINARY(255) NOT NULL DEFAULT '',
      cl_sortkey VARBINARY(230) NOT NULL DEFAULT '', cl_sortkey_prefix VARBINARY(255) NOT NULL DEFAULT '',
      cl_timestamp TIMESTAMP NOT NULL DEFAULT current_timestamp(), cl_collation VARBINARY(32) NOT NULL DEFAULT '',
      cl_type ENUM('page', 'subcat', 'file') NOT NULL DEFAULT 'page',
      PRIMARY KEY (cl_from, cl_to), KEY cl_sortkey (cl_to, cl_type, cl_sortkey, cl_from), KEY cl_timestamp (cl_to, cl_timestamp)`,
    select: (
      seed,
    ) => `1 + s.n DIV 5, CONCAT('Category_', s.n % 5, '_', ${below(seed, "category", 400)}), UNHEX(LEFT(MD5(CONCAT('${seed}-', s.n)), 24)),
      IF(s.n % 6 = 0, '*', ''), FROM_UNIXTIME(1300000000 + s.n * 11), 'uppercase', ELT(1 + (s.n % 10 DIV 8), 'page', 'file')`,
  },
  {
    name: "visit",
    share: 0.02,
    rowBytes: 95,
    // No key at all, and each row occurs three times.
    columns: `visit_page INT UNSIGNED NOT NULL, visit_title VARBINARY(255) DEFAULT NULL, visit_at DATETIME NOT NULL,
      visit_agent VARBINARY(120) NOT NULL DEFAULT ''`,
    select: (
      seed,
    ) => `s.n DIV 3, IF(s.n DIV 3 % 8 = 0, NULL, CONCAT('Page_', s.n DIV 3)), FROM_UNIXTIME(1700000000 + s.n DIV 3),
      CONCAT('Browser/', CRC32(CONCAT('${seed}-', s.n DIV 3)))`,
  },
];

/** The number of rows that brings all tables together to `bytes`. At least a few of each. */
export function rowsFor(table: WikiTable, bytes: number): number {
  return Math.max(60, Math.round((bytes * table.share) / table.rowBytes));
}
