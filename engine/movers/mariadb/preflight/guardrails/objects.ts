import type { Server } from "../../../../runtime/mariadb/server";
import { charsetsIn } from "../../charsets";

/** What a database holds apart from tables. */
export interface SchemaObject {
  kind: "view" | "trigger" | "procedure" | "function" | "event";
  name: string;
  /** `user@host`. */
  definer: string;
  /** Everything else that defines it. */
  text: string;
}

/**
 * Views, triggers, routines and events of a database. Never writes.
 *
 * A view and what a function returns are as this server prints them; everything else is as it was typed.
 */
export async function readObjects(server: Server, database: string): Promise<SchemaObject[]> {
  const rows = await server.rows<SchemaObject & { printed: string }>(
    `SELECT 'view' AS kind, table_name AS name, definer, view_definition AS printed, security_type AS text
       FROM information_schema.views WHERE table_schema = ?
     UNION ALL
     SELECT 'trigger', trigger_name, definer, '',
            CONCAT_WS('|', action_timing, event_manipulation, event_object_table, action_order, sql_mode, action_statement)
       FROM information_schema.triggers WHERE trigger_schema = ?
     UNION ALL
     SELECT LOWER(type), name, definer, CONVERT(returns USING utf8mb4), CONVERT(
            CONCAT_WS('|', param_list, is_deterministic, security_type, sql_data_access, sql_mode, body)
            USING utf8mb4)
       FROM mysql.proc WHERE db = ?
     UNION ALL
     SELECT 'event', event_name, definer, '',
            CONCAT_WS('|', event_type, execute_at, interval_value, interval_field, on_completion, sql_mode, event_definition)
       FROM information_schema.events WHERE event_schema = ?`,
    [database, database, database, database],
  );
  return rows.map(({ kind, name, definer, printed, text }) => ({
    kind,
    name,
    definer,
    text: `${charsetsIn(printed)}|${text}`,
  }));
}

/** One line for each object that is missing, extra, or different. Whether an event is enabled does not count. */
export function objectDifferences(
  originals: readonly SchemaObject[],
  copies: readonly SchemaObject[],
): string[] {
  const found: string[] = [];
  const same = (a: SchemaObject, b: SchemaObject) => a.kind === b.kind && a.name === b.name;
  for (const original of originals) {
    const { kind, name, definer } = original;
    const copy = copies.find((other) => same(original, other));
    if (!copy) found.push(`${kind} ${name} is missing`);
    else if (copy.definer !== definer)
      found.push(`${kind} ${name} runs as ${copy.definer} instead of ${definer}`);
    else if (copy.text !== original.text) found.push(`${kind} ${name} is another`);
  }
  for (const copy of copies)
    if (!originals.some((original) => same(original, copy))) found.push(`${copy.kind} ${copy.name} is there`);
  return found;
}
