import { block, type Finding, pass } from "../../../finding";

export interface ServerVersion {
  mariadb: boolean;
  major: number;
  minor: number;
  patch: number;
}

/** Parses `VERSION()`, such as `10.11.18-MariaDB-0+deb12u1-log`; undefined if it is not MariaDB's. */
export function parseVersion(text: string): ServerVersion | undefined {
  // MariaDB prefixes its version with 5.5.5- where a client could mistake 10 for 1 (replication protocol).
  const match = /^(?:5\.5\.5-)?(\d+)\.(\d+)\.(\d+)(.*)$/.exec(text);
  if (!match) return undefined;
  const [, major, minor, patch, rest] = match;
  return {
    mariadb: /mariadb/i.test(rest ?? ""),
    major: Number(major),
    minor: Number(minor),
    patch: Number(patch),
  };
}

/**
 * The oldest version that can be moved. 10.4 is the first with ACCOUNT LOCK, which keeps a fenced blue fenced across a
 * restart. GTIDs alone came with 10.0.2. https://mariadb.com/kb/en/account-locking/
 */
export const oldestMajorMinor = [10, 4] as const;

/** Whether green can follow blue, from `VERSION()` of each. Green may not exist yet. */
export function versionFinding(blue: string, green: string | undefined): Finding {
  const refused = (found: string, remedy: string) => block("DB_VERSION", found, remedy);
  const oldest = oldestMajorMinor.join(".");
  const old = parseVersion(blue);
  if (!old?.mariadb) {
    return refused(
      `blue's database server is ${blue}, wanted MariaDB ${oldest} or newer`,
      "MySQL's and MariaDB's GTIDs are incompatible: move to MariaDB on the old host first",
    );
  }
  if (compare(old, oldestMajorMinor) < 0) {
    return refused(
      `blue's MariaDB is ${blue}, wanted ${oldest} or newer`,
      "Upgrade MariaDB on the old host first (by its packages, then mariadb-upgrade)",
    );
  }
  const fresh = green === undefined ? undefined : parseVersion(green);
  if (green !== undefined && !fresh?.mariadb) {
    return refused(`green's database server is ${green}, wanted MariaDB`, "Set green's image to a MariaDB");
  }
  if (fresh && compare(old, [fresh.major, fresh.minor]) > 0) {
    return refused(
      `blue's MariaDB is ${blue}, newer than green's ${green}`,
      "Set green's image to the same version or a newer one: an older server can't follow a newer one",
    );
  }
  return pass("DB_VERSION", `blue has ${blue}${green === undefined ? "" : `, green ${green}`}`);
}

function compare(version: ServerVersion, other: readonly [number, number]): number {
  return version.major - other[0] || version.minor - other[1];
}
