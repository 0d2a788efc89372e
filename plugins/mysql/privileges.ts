// MariaDB 10.5 renamed these and shows them by their new names: mariadb.com/kb/en/grant/#global-privileges
const renamed: Record<string, string> = {
  ALL: "ALL PRIVILEGES",
  "REPLICATION CLIENT": "BINLOG MONITOR",
  "REPLICA MONITOR": "SLAVE MONITOR",
  "REPLICATION REPLICA": "REPLICATION SLAVE",
  "REPLICATION REPLICA ADMIN": "REPLICATION SLAVE ADMIN",
  "CREATE ROUTINES": "CREATE ROUTINE",
  "DELETE VERSIONING ROWS": "DELETE HISTORY",
};

/** A privilege by the name that SHOW GRANTS gives it. */
export function privilegeName(name: string): string {
  const upper = name.trim().toUpperCase().replace(/\s+/g, " ");
  return renamed[upper] ?? upper;
}

/** One line of SHOW GRANTS, or undefined where it grants no privileges. */
export function parseGrant(
  line: string,
): { privileges: string[]; scope: string; grantOption: boolean } | undefined {
  const [, privileges, scope] =
    /^GRANT (.+?) ON ((?:`(?:[^`]|``)+`|\*)\.(?:`(?:[^`]|``)+`|\*)) TO /.exec(line) ?? [];
  if (!privileges || !scope) return undefined;
  const names = privileges.split(/,\s*(?![^(]*\))/).map(privilegeName);
  return { privileges: names, scope, grantOption: / WITH .*GRANT OPTION/.test(line) };
}
