import { quoted } from "../../../../runtime/mariadb/identifier";
import type { Session } from "../../../../runtime/mariadb/server";
import type { TableDefinition } from "../definitions";
import { rowHash, sumOfHashes } from "../digest";
import { type KeyText, keyTextOf, withKeys } from "../keys";
import type { Changed } from "./changedRows";

/** Rows per SELECT, and per query. */
const keysAtATime = 400;
const keysInAQuestion = 4_000;

/** Hashes of existing rows by table and key. A whole table has one hash, under an empty key. */
export type Hashes = ReadonlyMap<string, string>;

export const hashName = (table: string, key: KeyText): string => `${table} ${key}`;

/** Queries, each of several SELECTs, that return the hashes of what changed. */
export function hashQuestions(
  database: string,
  tables: ReadonlyMap<string, TableDefinition>,
  touched: Changed,
): string[] {
  const selects: { sql: string; keys: number }[] = [];
  for (const [name, keys] of touched) {
    const table = tables.get(name);
    if (!table) continue;
    const from = `${quoted(database)}.${quoted(name)}`;
    const head = `SELECT ${quotedText(name)} AS t`;
    if (keys === "whole" || !table.key) {
      const sql = `${head}, '' AS k, CONCAT(COUNT(*), ' ', IFNULL(${sumOfHashes(table.columns)}, '')) AS h FROM ${from}`;
      selects.push({ sql, keys: keysInAQuestion });
      continue;
    }
    const { index, columns } = table.key;
    const all = [...keys];
    for (let at = 0; at < all.length; at += keysAtATime) {
      const some = all.slice(at, at + keysAtATime);
      selects.push({
        sql: `${head}, ${keyTextOf(columns)} AS k, ${rowHash(table.columns)} AS h FROM ${from} FORCE INDEX (${quoted(index)}) WHERE ${withKeys(columns, some)}`,
        keys: some.length,
      });
    }
  }
  const questions: string[][] = [];
  let room = 0;
  for (const { sql, keys } of selects) {
    if (keys > room) {
      questions.push([]);
      room = keysInAQuestion;
    }
    questions.at(-1)?.push(sql);
    room -= keys;
  }
  return questions.map((sqls) => `BEGIN NOT ATOMIC ${sqls.map((sql) => `${sql};`).join(" ")} END`);
}

function quotedText(text: string): string {
  return `X'${Buffer.from(text).toString("hex")}'`;
}

/** @param session With `digestSettings`. */
export async function readHashes(session: Session, questions: readonly string[]): Promise<Hashes> {
  const found = new Map<string, string>();
  for (const question of questions)
    for (const rows of await session.resultSets(question))
      for (const { t, k, h } of rows) found.set(hashName(String(t), String(k)), String(h));
  return found;
}

/** What differs among the changed rows. */
export function differingOf(touched: Changed, there: Hashes, here: Hashes): Changed {
  const differing: Changed = new Map();
  const same = (name: string) => there.get(name) === here.get(name);
  for (const [table, keys] of touched) {
    if (keys === "whole") {
      if (!same(hashName(table, ""))) differing.set(table, keys);
      continue;
    }
    const other = [...keys].filter((key) => !same(hashName(table, key)));
    if (other.length > 0) differing.set(table, new Set(other));
  }
  return differing;
}

/** The number of rows. A whole table counts as one. */
export function countOf(touched: Changed): number {
  let count = 0;
  for (const keys of touched.values()) count += keys === "whole" ? 1 : keys.size;
  return count;
}
