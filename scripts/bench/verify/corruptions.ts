import { Random } from "../../common/random";

/** One way in which a copy can be wrong: a table with rows, and a change behind replication's back that corrupts it. */
export interface Corruption {
  /** In words. */
  name: string;
  columns: string;
  /** Select list of row `seq`. */
  row: string;
  /** @param one,other Two different rows' numbers. */
  spoil(table: string, one: number, other: number): string[];
}

/** In each table. */
export const corruptionRows = 300;

const keyed = "id INT UNSIGNED NOT NULL PRIMARY KEY";
const pair = `${keyed}, a VARBINARY(50) NULL, b VARBINARY(50) NULL`;
const pairRow = "seq, CONCAT('a', LPAD(seq, 4, '0')), CONCAT('b', LPAD(seq, 4, '0'))";
const set = (assignments: string) => (table: string, one: number) => [
  `UPDATE ${table} SET ${assignments} WHERE id = ${one}`,
];

/** Every kind that is known to have escaped some comparison. */
export const corruptions: readonly Corruption[] = [
  {
    name: "border between columns moved",
    columns: pair,
    row: "seq, CONCAT('a', seq, 'b'), 'c'",
    spoil: set("b = CONCAT(RIGHT(a, 1), b), a = LEFT(a, LENGTH(a) - 1)"),
  },
  {
    name: "border moved across a hash sign",
    columns: pair,
    row: "seq, CONCAT('a', seq, '#b'), 'c'",
    spoil: set("b = CONCAT('b#', b), a = LEFT(a, LENGTH(a) - 2)"),
  },
  {
    name: "border moved across a comma",
    columns: pair,
    row: "seq, CONCAT('a', seq, ',1,b'), 'c'",
    spoil: set("b = CONCAT('1,b,', b), a = LEFT(a, LENGTH(a) - 4)"),
  },
  { name: "NULL made empty", columns: pair, row: "seq, NULL, 'b'", spoil: set("a = ''") },
  { name: "empty made NULL", columns: pair, row: "seq, '', 'b'", spoil: set("a = NULL") },
  {
    name: "NULL moved to the next column",
    columns: pair,
    row: "seq, NULL, 'b'",
    spoil: set("a = b, b = NULL"),
  },
  {
    name: "two columns' values swapped",
    columns: pair,
    row: pairRow,
    spoil: set("a = CONCAT('b', SUBSTR(a, 2)), b = CONCAT('a', SUBSTR(b, 2))"),
  },
  {
    name: "two columns' values swapped in all rows",
    columns: pair,
    row: pairRow,
    spoil: (table) => [`UPDATE ${table} SET a = CONCAT('b', SUBSTR(a, 2)), b = CONCAT('a', SUBSTR(b, 2))`],
  },
  {
    name: "two rows' values swapped",
    columns: pair,
    row: pairRow,
    spoil: (table, one, other) => [
      `UPDATE ${table} t JOIN ${table} o ON t.id IN (${one}, ${other}) AND o.id = ${one} + ${other} - t.id SET t.b = CONCAT('b', LPAD(o.id, 4, '0'))`,
    ],
  },
  {
    name: "order of columns changed",
    columns: pair,
    row: pairRow,
    spoil: (table) => [`ALTER TABLE ${table} MODIFY b VARBINARY(50) NULL AFTER id`],
  },
  {
    name: "another charset declared",
    columns: `${keyed}, a VARCHAR(50) CHARACTER SET utf8mb4 NOT NULL`,
    row: "seq, CONCAT('page ', seq)",
    spoil: (table) => [`ALTER TABLE ${table} MODIFY a VARCHAR(50) CHARACTER SET latin1 NOT NULL`],
  },
  {
    name: "text encoded twice",
    columns: `${keyed}, a VARCHAR(50) CHARACTER SET utf8mb4 NOT NULL`,
    row: "seq, CONCAT(_utf8mb4 X'C3BC', seq)",
    spoil: set("a = CONVERT(CAST(a AS BINARY) USING latin1)"),
  },
  {
    name: "trailing space",
    columns: `${keyed}, a VARCHAR(50) CHARACTER SET utf8mb4 NOT NULL`,
    row: "seq, CONCAT('page ', seq)",
    spoil: set("a = CONCAT(a, ' ')"),
  },
  { name: "trailing space in bytes", columns: pair, row: pairRow, spoil: set("a = CONCAT(a, ' ')") },
  {
    name: "BINARY(n) padded with spaces",
    columns: `${keyed}, a BINARY(8) NOT NULL`,
    row: "seq, CONCAT('a', seq)",
    spoil: set("a = RPAD(TRIM(TRAILING '\\0' FROM a), 8, ' ')"),
  },
  {
    name: "time shifted by an hour",
    columns: `${keyed}, a TIMESTAMP NOT NULL DEFAULT '2000-01-01'`,
    row: "seq, '2024-03-01 00:00:00' + INTERVAL seq MINUTE",
    spoil: set("a = a + INTERVAL 1 HOUR"),
  },
  {
    name: "all times shifted by an hour",
    columns: `${keyed}, a DATETIME(3) NOT NULL`,
    row: "seq, '2024-03-01 00:00:00.123' + INTERVAL seq MINUTE",
    spoil: (table) => [`UPDATE ${table} SET a = a + INTERVAL 1 HOUR`],
  },
  {
    name: "missing row",
    columns: pair,
    row: pairRow,
    spoil: (table, one) => [`DELETE FROM ${table} WHERE id = ${one}`],
  },
  {
    name: "row too many",
    columns: pair,
    row: pairRow,
    spoil: (table) => [`INSERT INTO ${table} VALUES (100000, 'a', 'b')`],
  },
  {
    name: "row gone and another come",
    columns: pair,
    row: pairRow,
    spoil: (table, one) => [`UPDATE ${table} SET id = id + 100000 WHERE id = ${one}`],
  },
  {
    name: "row without a key doubled",
    columns: "a VARBINARY(50), b VARBINARY(50)",
    row: "CONCAT('a', seq), CONCAT('b', seq)",
    spoil: (table, one) => [`INSERT INTO ${table} VALUES ('a${one}', 'b${one}')`],
  },
  {
    name: "two equal rows without a key replaced by two others",
    columns: "a VARBINARY(50), b VARBINARY(50)",
    row: "CONCAT('a', seq DIV 2), CONCAT('b', seq DIV 2)",
    spoil: (table, one) => [`UPDATE ${table} SET b = 'other' WHERE a = 'a${Math.max(1, one >> 1)}'`],
  },
  {
    name: "a float's last digit",
    columns: `${keyed}, a FLOAT NOT NULL`,
    row: "seq, 1000000 + seq / 8",
    spoil: set("a = a + 0.125"),
  },
  {
    name: "a double's last digit",
    columns: `${keyed}, a DOUBLE NOT NULL`,
    row: "seq, 1 + seq / 7",
    spoil: set("a = a * 1.0000000000000002e0"),
  },
  {
    name: "sign",
    columns: `${keyed}, a INT NOT NULL, d DECIMAL(10, 3) NOT NULL`,
    row: "seq, seq, seq / 8",
    spoil: set("d = -d"),
  },
  {
    name: "upper and lower case",
    columns: `${keyed}, a VARCHAR(50) CHARACTER SET utf8mb4 NOT NULL`,
    row: "seq, CONCAT('page ', seq)",
    spoil: set("a = UPPER(a)"),
  },
  {
    name: "accent lost",
    columns: `${keyed}, a VARCHAR(50) CHARACTER SET utf8mb4 NOT NULL`,
    row: "seq, CONCAT(_utf8mb4 X'C3BC', 'ber ', seq)",
    spoil: set("a = CONCAT('u', SUBSTR(a, 2))"),
  },
  {
    name: "another member of an ENUM",
    columns: `${keyed}, a ENUM('x', '', 'y') NOT NULL`,
    row: "seq, 'x'",
    spoil: set("a = ''"),
  },
  {
    name: "a bit of a long text",
    columns: `${keyed}, a LONGBLOB NOT NULL`,
    row: "seq, REPEAT(SHA1(seq), 200)",
    spoil: set("a = CONCAT(LEFT(a, 4321), CHAR(ORD(SUBSTR(a, 4322, 1)) ^ 1), SUBSTR(a, 4323))"),
  },
];

export interface SpoiledTable extends Corruption {
  table: string;
  make: string[];
  spoils: string[];
}

/** A separate table for each corruption, with rows chosen by the seed. */
export function spoiledTables(database: string, seed: number): SpoiledTable[] {
  const random = new Random(seed);
  return corruptions.map((corruption, at) => {
    const table = `spoiled_${String(at + 1).padStart(2, "0")}`;
    const name = `\`${database}\`.${table}`;
    const one = 1 + random.below(corruptionRows);
    const other = 1 + ((one + random.below(corruptionRows - 2)) % corruptionRows);
    return {
      ...corruption,
      table,
      make: [
        `CREATE TABLE ${name} (${corruption.columns}) ENGINE = InnoDB DEFAULT CHARSET = binary`,
        `INSERT INTO ${name} SELECT ${corruption.row} FROM seq_1_to_${corruptionRows}`,
      ],
      spoils: corruption.spoil(name, one, other),
    };
  });
}
