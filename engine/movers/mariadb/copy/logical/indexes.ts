import { WikiferryError } from "../../../../errors";
import { quoted } from "../../../../runtime/mariadb/identifier";
import type { Session } from "../../../../runtime/mariadb/server";
import type { CopyContext } from "../context";
import type { Definitions } from "./definitions";
import { showCreate, staged, type Table, withoutNumbering } from "./tables";
import { Wire } from "./wire/wire";

/** Adds what was left out when the table was created and is still missing: all indexes in one statement. */
export async function addIndexes(session: Session | Wire, database: string, table: Table): Promise<void> {
  const { indexes, fulltext } = staged(table.create, table.keyName);
  if (indexes.length + fulltext.length === 0) return;
  const there = await namesOn(
    session,
    `SELECT DISTINCT index_name FROM information_schema.statistics
      WHERE table_schema = ${text(database)} AND table_name = ${text(table.name)}`,
  );
  const missing = (line: string) => !there.has(nameIn(line));
  const name = `${quoted(database)}.${quoted(table.name)}`;
  const plain = indexes.filter(missing);
  if (plain.length > 0)
    await session.run(`ALTER TABLE ${name} ${plain.map((line) => `ADD ${line}`).join(", ")}`);
  for (const line of fulltext.filter(missing)) await session.run(`ALTER TABLE ${name} ADD ${line}`);
}

export async function addForeignKeys(session: Session, database: string, table: Table): Promise<void> {
  const { foreignKeys } = staged(table.create, table.keyName);
  if (foreignKeys.length === 0) return;
  const there = await namesOn(
    session,
    `SELECT constraint_name FROM information_schema.referential_constraints
      WHERE constraint_schema = ${text(database)} AND table_name = ${text(table.name)}`,
  );
  const missing = foreignKeys.filter((line) => !there.has(nameIn(line)));
  if (missing.length === 0) return;
  await session.run(
    `ALTER TABLE ${quoted(database)}.${quoted(table.name)} ${missing.map((line) => `ADD ${line}`).join(", ")}`,
  );
}

/**
 * Compares each table's definition on green with blue's. Servers of different versions print the same definition
 * differently, so there this proves nothing.
 * @throws `COPY_DEFINITION`
 */
export async function checkDefinitions(
  { blue, spec }: CopyContext,
  green: Session,
  definitions: Definitions,
): Promise<void> {
  const release = (version: string | undefined) => /^\d+\.\d+/.exec(version ?? "")?.[0];
  const query = "SELECT VERSION()";
  if (release(await blue.value(query)) !== release(await green.value(query))) return;
  for (const table of definitions.tables) {
    const there = withoutNumbering(table.create);
    const here = withoutNumbering(await showCreate(green, spec.wiki.database, table.name));
    if (there === here) continue;
    throw new WikiferryError(
      "COPY_DEFINITION",
      `green defines ${table.name} differently than blue: ${firstDifference(there, here)}`,
      "Set copy.method to physical, or change the table on blue so that both servers define it alike",
    );
  }
}

function firstDifference(there: string, here: string): string {
  const lines = here.split("\n");
  const at = there.split("\n").findIndex((line, number) => line !== lines[number]);
  return `${lines[at]?.trim() ?? "nothing"} instead of ${there.split("\n")[at]?.trim() ?? "nothing"}`;
}

function nameIn(line: string): string {
  return (/`((?:[^`]|``)*)`/.exec(line)?.[1] ?? "").replaceAll("``", "`");
}

async function namesOn(session: Session | Wire, query: string): Promise<Set<string>> {
  const rows = session instanceof Wire ? await session.rows(query) : await session.rows(query);
  return new Set(rows.map((row) => String(Object.values(row)[0])));
}

function text(value: string): string {
  return `'${value.replace(/[\\']/g, "\\$&")}'`;
}
