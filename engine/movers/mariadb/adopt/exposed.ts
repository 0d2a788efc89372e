import { type Finding, pass, warn } from "../../../finding";
import type { Server } from "../../../runtime/mariadb/server";
import { replicationUser } from "../replication/follow";
import { listensLocally, type Variables } from "./changes";

/** Accounts that may log in from other hosts as soon as blue listens for those. Never writes. */
export async function exposedAccounts(blue: Server): Promise<string[]> {
  const rows = await blue.rows<{ User: string; Host: string; open: string | number }>(
    `SELECT User, Host, COALESCE(JSON_VALUE(Priv, '$.authentication_string'), '') = ''
         AND COALESCE(JSON_VALUE(Priv, '$.plugin'), '') IN ('', 'mysql_native_password', 'mysql_old_password') AS open
       FROM mysql.global_priv
      WHERE Host NOT IN ('localhost', '127.0.0.1', '::1', '') AND User <> ?
        AND COALESCE(JSON_VALUE(Priv, '$.is_role'), 0) <> 1 AND COALESCE(JSON_VALUE(Priv, '$.account_locked'), 0) <> 1
      ORDER BY User, Host`,
    [replicationUser],
  );
  return rows.map(
    ({ User, Host, open }) =>
      `${User || "(anybody)"}@${Host}${Number(open) === 1 ? " without a password" : ""}`,
  );
}

/** What adoption would expose to other hosts by making blue listen for them. Undefined where it already listens. */
export async function exposureFinding(blue: Server, variables: Variables): Promise<Finding | undefined> {
  if (!listensLocally(variables) && variables.skip_networking !== "ON") return undefined;
  const accounts = await exposedAccounts(blue);
  if (accounts.length === 0)
    return pass(
      "ADOPT_EXPOSES",
      "no account of blue's MariaDB but the replication's may log in from other hosts",
    );
  return warn(
    "ADOPT_EXPOSES",
    `blue's MariaDB listens for its own host only; once it listens for green, these accounts can be tried from other hosts: ${accounts.join(", ")}`,
    "Limit them (RENAME USER … TO …@localhost) or drop those that nobody uses, and let a firewall open the port to green's address only",
  );
}
