import { z } from "zod";
import type { ResourceType } from "../sdk/resource";
import { identifier } from "./database";
import { parseGrant, privilegeName } from "./privileges";
import { execute, type MysqlConfig, withServer } from "./server";
import { account, hasAccount } from "./user";

const inputs = z.strictObject({
  user: z.string(),
  host: z.string().optional(),
  database: z.string(),
  table: z.string().optional(),
  privileges: z.array(z.string()),
  grant: z.boolean().optional(),
  tlsOption: z.string().optional(),
});

type Inputs = z.infer<typeof inputs>;

function scope({ database, table = "*" }: Inputs): string {
  const part = (name: string) => (name === "*" ? "*" : identifier(name));
  return `${part(database)}.${part(table)}`;
}

function list(privileges: readonly string[]): string {
  for (const privilege of privileges)
    if (!/^[A-Za-z ]+(\([\w`, ]+\))?$/.test(privilege)) throw new Error(`"${privilege}" is not a privilege`);
  return privileges.join(", ");
}

async function grantTo(config: MysqlConfig, wanted: Inputs, privileges: readonly string[]): Promise<void> {
  if (privileges.length === 0) return;
  const option = wanted.grant ? " WITH GRANT OPTION" : "";
  const sql = `GRANT ${list(privileges)} ON ${scope(wanted)} TO ${account(wanted)}${option}`;
  await withServer(config, (db) => execute(db, sql, sql));
}

async function revokeFrom(config: MysqlConfig, state: Inputs, privileges: readonly string[]): Promise<void> {
  if (privileges.length === 0 || !(await hasAccount(config, state))) return;
  const sql = `REVOKE ${list(privileges)} ON ${scope(state)} FROM ${account(state)}`;
  await withServer(config, (db) => execute(db, sql, sql));
}

/** `mysql:index/grant:Grant`, of privileges to a user; the offline plugin knows no roles. */
export const grant: ResourceType<MysqlConfig, Inputs> = {
  inputs,
  outputs: [],
  replaceOn: ["user", "host", "database", "table", "grant", "tlsOption"],
  defaults: { host: "localhost", table: "*", tlsOption: "NONE" },

  async create({ config }, wanted) {
    await grantTo(config, wanted, wanted.privileges);
    return { id: `${wanted.user}@${wanted.host ?? "localhost"}:${scope(wanted)}`, outputs: {} };
  },

  async read({ config }, _id, state) {
    const wanted = state as Inputs;
    if (!(await hasAccount(config, wanted))) return undefined;
    const sql = `SHOW GRANTS FOR ${account(wanted)}`;
    const rows = await withServer(config, (db) => execute(db, sql, sql));
    const held = rows
      .map((row) => parseGrant(String(Object.values(row)[0])))
      .find((found) => found?.scope === scope(wanted));
    if (!held) return undefined;
    const all = held.privileges.includes("ALL PRIVILEGES");
    const kept = wanted.privileges.filter((name) => all || held.privileges.includes(privilegeName(name)));
    return kept.length === 0 ? undefined : { ...state, privileges: kept, grant: held.grantOption };
  },

  async update({ config }, _id, state, wanted) {
    const lost = state.privileges.filter((name) => !wanted.privileges.includes(name));
    await grantTo(config, wanted, wanted.privileges);
    await revokeFrom(config, wanted, lost);
    return {};
  },

  async delete({ config }, _id, state) {
    await revokeFrom(config, state, [...state.privileges, ...(state.grant ? ["GRANT OPTION"] : [])]);
  },
};
