import { parseVersion } from "../../preflight/version";

/** What decides whether green can use blue's files. */
export interface PhysicalFacts {
  /** `VERSION()` of each server. */
  versions: { blue: string; green: string };
  /** Output of `mariadb-backup --version` on each host; empty where it is missing. */
  tools: { blue: string; green: string };
  /** Whether blue's SSH user can read its data directory. */
  readable: boolean;
  /** Databases on blue that belong neither to the wiki nor to the server. */
  otherDatabases: string[];
  /** Global variables of each server, by name. */
  variables: { blue: Record<string, string>; green: Record<string, string> };
  /** Whether blue has encrypted tablespaces. */
  encrypted: boolean;
}

/** Settings that are part of the files, and must be the same on the server that opens them. */
export const settingsInFiles = [
  "innodb_page_size",
  "innodb_data_file_path",
  "innodb_undo_tablespaces",
  "lower_case_table_names",
] as const;

/** Why green can't use blue's files, a clause each; empty if it can. */
export function obstacles(facts: PhysicalFacts): string[] {
  const { versions, tools, variables } = facts;
  const found: string[] = [];
  const series = majorOf(versions.blue);
  if (series !== majorOf(versions.green))
    found.push(
      `blue has MariaDB ${versions.blue} and green ${versions.green}, which are different major versions`,
    );
  for (const side of ["blue", "green"] as const) {
    if (tools[side] === "") found.push(`mariadb-backup is not on ${side}'s host`);
    else if (toolSeries(tools[side]) !== series)
      found.push(`${side}'s mariadb-backup is of another version (${tools[side]})`);
  }
  if (!facts.readable) found.push("the SSH user can't read blue's data directory");
  if (facts.otherDatabases.length > 0)
    found.push(`blue's server also has ${facts.otherDatabases.join(", ")}, which would be copied too`);
  for (const name of settingsInFiles) {
    const [there, here] = [variables.blue[name], variables.green[name]];
    if (there !== here) found.push(`${name} is ${there} on blue and ${here} on green`);
  }
  if (facts.encrypted) found.push("blue's tables are encrypted with keys that green does not have");
  return found;
}

function majorOf(version: string): string {
  const parsed = parseVersion(version);
  return parsed ? `${parsed.major}.${parsed.minor}` : version;
}

/** Parses `mariadb-backup based on MariaDB server 10.11.14-MariaDB Linux (x86_64)`. */
function toolSeries(said: string): string {
  const match = /MariaDB server (\d+)\.(\d+)\./.exec(said);
  return match ? `${match[1]}.${match[2]}` : "";
}
