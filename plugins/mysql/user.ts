import { escape as quote } from "mysql2";
import { z } from "zod";
import type { ResourceType } from "../sdk/resource";
import { execute, type MysqlConfig, withServer } from "./server";

const inputs = z.strictObject({
  user: z.string(),
  host: z.string().optional(),
  password: z.string().optional(),
  plaintextPassword: z.string().optional(),
  authPlugin: z.string().optional(),
  tlsOption: z.string().optional(),
});

type Inputs = z.infer<typeof inputs>;

/** `'user'@'host'`; `host` is `localhost` where it is left out, as in the vendor's plugin. */
export const account = ({ user, host }: { user?: string; host?: string }): string =>
  `${quote(user ?? "")}@${quote(host ?? "localhost")}`;

function identification({ password, plaintextPassword, authPlugin }: Inputs): string {
  const secret = plaintextPassword ?? password;
  if (!authPlugin) return secret === undefined ? "" : ` IDENTIFIED BY ${quote(secret)}`;
  if (!/^\w+$/.test(authPlugin)) throw new Error(`authPlugin "${authPlugin}" is not the name of a plugin`);
  return ` IDENTIFIED VIA ${authPlugin}${secret === undefined ? "" : ` USING PASSWORD(${quote(secret)})`}`;
}

function tlsClause(tlsOption = "NONE"): string {
  if (!/^(NONE|SSL|X509|(CIPHER|ISSUER|SUBJECT) '[^']*')$/i.test(tlsOption))
    throw new Error(`tlsOption "${tlsOption}" is none of NONE, SSL, X509, CIPHER, ISSUER and SUBJECT`);
  return ` REQUIRE ${tlsOption}`;
}

const noSuchAccount = [1141, 1269, 1396, 1133];

/** Whether the server has the account. */
export async function hasAccount(
  config: MysqlConfig,
  who: { user?: string; host?: string },
): Promise<boolean> {
  return withServer(config, async (db) => {
    try {
      await execute(db, `SHOW GRANTS FOR ${account(who)}`, `SHOW GRANTS FOR ${account(who)}`);
      return true;
    } catch (error) {
      if (noSuchAccount.includes((error as { errno?: number }).errno ?? 0)) return false;
      throw error;
    }
  });
}

/** `mysql:index/user:User` */
export const user: ResourceType<MysqlConfig, Inputs> = {
  inputs,
  outputs: [],
  replaceOn: ["user", "host", "authPlugin"],
  defaults: { host: "localhost", tlsOption: "NONE" },

  async create({ config }, wanted) {
    const who = account(wanted);
    const sql = `CREATE USER ${who}${identification(wanted)}${tlsClause(wanted.tlsOption)}`;
    await withServer(config, (db) => execute(db, `CREATE USER ${who}`, sql));
    return { id: `${wanted.user}@${wanted.host ?? "localhost"}`, outputs: {} };
  },

  async read({ config }, id, state) {
    const at = id.lastIndexOf("@");
    const who = { user: id.slice(0, at), host: id.slice(at + 1) };
    return (await hasAccount(config, who)) ? { ...state, ...who } : undefined;
  },

  async update({ config }, _id, _state, wanted) {
    const who = account(wanted);
    const sql = `ALTER USER ${who}${identification(wanted)}${tlsClause(wanted.tlsOption)}`;
    await withServer(config, (db) => execute(db, `ALTER USER ${who}`, sql));
    return {};
  },

  async delete({ config }, _id, state) {
    const who = account(state);
    await withServer(config, (db) => execute(db, `DROP USER ${who}`, `DROP USER IF EXISTS ${who}`));
  },
};
