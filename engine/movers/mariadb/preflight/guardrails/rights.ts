import { block, type Finding, pass, warn } from "../../../../finding";
import type { Server } from "../../../../runtime/mariadb/server";
import { type Account, accountsOf, accountsPastReadOnly } from "../../accounts/accounts";
import { replicationUser } from "../../replication/follow";
import { type FlipQuestion, type Guardrail, list } from "./guardrail";

const same = (a: Account, b: Account) => a.user === b.user && a.host === b.host;
const nameOf = ({ user, host }: Account) => `${user}@${host}`;

/** Who could write past the fence, and whether the wiki has the same privileges on the replica as on the primary. */
export const rights: Guardrail = async (question) => {
  const { primary, replica } = question;
  const [here, there] = await Promise.all([accountsPastReadOnly(primary), accountsPastReadOnly(replica)]);
  const [events, sessions, grants] = await Promise.all([
    eventsPastReadOnly([
      [primary, here],
      [replica, there],
    ]),
    privilegedSessions(primary, question, here),
    sameRights(question),
  ]);
  return [await application(question, here, there), ...sessions, ...events, grants];
};

/** Checked on both sides, because after a flip the other one is fenced. */
async function application(
  { primary, replica, appUser }: FlipQuestion,
  here: readonly Account[],
  there: readonly Account[],
): Promise<Finding> {
  for (const [server, past] of [
    [primary, here],
    [replica, there],
  ] as const) {
    const both = (await accountsOf(server, appUser)).find((own) => past.some((other) => same(own, other)));
    if (!both) continue;
    return block(
      "RIGHTS_READ_ONLY_ADMIN",
      `${nameOf(both)} on ${server.side} may write past read_only`,
      "Take SUPER and READ ONLY ADMIN from it: the fence would not hold it",
    );
  }
  return pass("RIGHTS_READ_ONLY_ADMIN", "read_only stops the wiki's account on both sides");
}

interface SessionRow {
  id: string;
  user: string;
  client: string;
  writes: string;
}

/** Other people and programs that are connected with such a privilege. One that is writing is refused. */
async function privilegedSessions(
  server: Server,
  { appUser }: FlipQuestion,
  past: readonly Account[],
): Promise<Finding[]> {
  const strangers = past.map(({ user }) => user).filter((user) => ![appUser, replicationUser].includes(user));
  const rows =
    strangers.length === 0
      ? []
      : await server.rows<SessionRow & Record<string, string>>(
          `SELECT p.id, p.user, p.host AS client,
                  IFNULL(t.trx_rows_modified, 0) > 0
                    OR p.info REGEXP '^[[:space:]]*(INSERT|UPDATE|DELETE|REPLACE|LOAD|CALL)[[:space:]]' AS writes
             FROM information_schema.processlist p
             LEFT JOIN information_schema.innodb_trx t ON t.trx_mysql_thread_id = p.id
            WHERE p.user IN (?) AND p.user <> ? AND p.command NOT IN ('Daemon', 'Binlog Dump', 'Slave_IO', 'Slave_SQL')`,
          [[...new Set(strangers)], server.place.adminUser],
        );
  const told = (row: SessionRow) => `session ${row.id} of ${row.user} from ${row.client}`;
  const writing = rows.filter((row) => Number(row.writes) === 1);
  if (writing.length > 0) {
    return [
      block(
        "RIGHTS_PRIVILEGED_WRITER",
        `${list(writing.map(told))} on ${server.side} is writing, and read_only would not stop it`,
        `Let it end, or KILL ${writing[0]?.id} there; then run again`,
      ),
    ];
  }
  if (rows.length > 0) {
    return [
      warn(
        "RIGHTS_PRIVILEGED_SESSION",
        `${list(rows.map(told))} on ${server.side} may write past read_only`,
        "Nothing is lost if it does not write during the flip, and the flip is undone if it does; better end it",
      ),
    ];
  }
  return [pass("RIGHTS_PRIVILEGED_SESSION", "no other connected session can write past read_only")];
}

/**
 * Events run as their definer, and the scheduler keeps running under a fence. Routines may also run as their definer.
 */
async function eventsPastReadOnly(sides: [server: Server, past: readonly Account[]][]): Promise<Finding[]> {
  const running: string[] = [];
  const callable: string[] = [];
  for (const [server, past] of sides) {
    const rows = await server.rows<{ kind: string; name: string; definer: string }>(
      `SELECT 'event' AS kind, CONCAT(event_schema, '.', event_name) AS name, definer FROM information_schema.events
        WHERE status = 'ENABLED' AND event_schema <> 'wikiferry'
       UNION ALL SELECT 'routine', CONCAT(db, '.', name), definer FROM mysql.proc
        WHERE security_type = 'DEFINER' AND db NOT IN ('sys', 'mysql', 'wikiferry')`,
    );
    for (const { kind, name, definer } of rows) {
      if (!past.some((account) => nameOf(account) === definer)) continue;
      (kind === "event" ? running : callable).push(`${name} on ${server.side} (as ${definer})`);
    }
  }
  return [
    running.length === 0
      ? pass("RIGHTS_EVENT", "read_only stops every event")
      : block(
          "RIGHTS_EVENT",
          `the events ${list(running)} run with a right to write past read_only`,
          "ALTER EVENT … DISABLE until the move is over, or give them a definer without SUPER and READ ONLY ADMIN",
        ),
    callable.length === 0
      ? pass("RIGHTS_ROUTINE", "no routine lends a right to write past read_only")
      : warn(
          "RIGHTS_ROUTINE",
          `whoever calls ${list(callable)} writes past read_only`,
          "Give them SQL SECURITY INVOKER, or a definer without SUPER and READ ONLY ADMIN",
        ),
  ];
}

/** What an account of the wiki may do in its database, whatever its host. */
async function sameRights({ primary, replica, database, appUser }: FlipQuestion): Promise<Finding> {
  const [here, there] = await Promise.all(
    [primary, replica].map(async (server) => {
      const accounts = await accountsOf(server, appUser);
      const lines: string[] = [];
      for (const { user, host } of accounts) {
        const rows = await server.rows("SHOW GRANTS FOR ?@?", [user, host]);
        lines.push(...rows.map((row) => String(Object.values(row)[0])));
      }
      return { accounts, rights: rightsOn(database, lines) };
    }),
  );
  if (!here || !there || there.accounts.length === 0)
    return block(
      "RIGHTS_MISSING",
      `${replica.side} has no account ${appUser}`,
      `Run \`pulumi up\`, which makes it on green; on blue, CREATE USER ${appUser}`,
    );
  const missing = there.rights.has("ALL PRIVILEGES")
    ? []
    : [...here.rights].filter((right) => !there.rights.has(right));
  if (missing.length === 0)
    return pass(
      "RIGHTS_MISSING",
      `${appUser} has the same privileges on ${replica.side} as on ${primary.side}`,
    );
  return block(
    "RIGHTS_MISSING",
    `${appUser} lacks ${list(missing)} on ${database} on ${replica.side}`,
    `SET sql_log_bin = 0; GRANT ${missing.join(", ")} ON ${database}.* TO ${appUser}@'${there.accounts[0]?.host}' on ${replica.side}`,
  );
}

/** Privileges on a whole database in lines of `SHOW GRANTS`. The name may contain wildcards or escapes. */
export function rightsOn(database: string, grants: readonly string[]): Set<string> {
  const found = new Set<string>();
  for (const grant of grants) {
    const match = /^GRANT (.+?) ON (?:`((?:[^`]|``)+)`|\*)\.\* TO /s.exec(grant);
    if (!match) continue;
    const [, rights = "", pattern] = match;
    if (pattern !== undefined && !covers(pattern.replaceAll("``", "`"), database)) continue;
    for (const right of rights.split(/,\s*/)) if (right !== "USAGE") found.add(right);
  }
  return found;
}

/** Whether a database name of a grant is or covers this one. `_` and `%` are wildcards; `\\` escapes them. */
function covers(pattern: string, database: string): boolean {
  const source = pattern.replace(/\\([_%])|([_%])|([.*+?^${}()|[\]\\])/g, (_, plain, wild, special) => {
    if (plain) return plain;
    if (wild) return wild === "%" ? ".*" : ".";
    return `\\${special}`;
  });
  return new RegExp(`^${source}$`, "s").test(database);
}
