/** What of MediaWiki depends on its branch, and matters to a move. */
export interface Branch {
  /** Such as `1.39`. */
  name: string;
  /** How long MediaWiki may remember that its primary is read-only, in milliseconds. */
  readOnlyRememberedMs: number;
  /** Whether maintenance scripts are started by `maintenance/run.php`. */
  runScript: boolean;
  /** Whether `MW_CONFIG_FILE` is also read from the environment; the constant serves in every branch. */
  settingsFromEnvironment: boolean;
  /** Versions of PHP that it runs on, `from` to `below`. */
  php: { from: string; below: string };
  /** Whether the table knows this branch; the values of an unknown one are the safest. */
  known: boolean;
}

/**
 * - `readOnlyRememberedMs`: `LoadBalancer::TTL_CACHE_READONLY` (5 s in the WAN cache), and up to 1.40
 *   `BagOStuff::TTL_PROC_SHORT` (3 s in APCu) on top of it, since the second may keep what the first has just read
 *   (`isPrimaryConnectionReadOnly`). Read in 1.35.13, 1.39.17, 1.43.9 and in the source of 1.46.
 * - `runScript`: release notes of 1.40.
 * - `settingsFromEnvironment`: `wfDetectLocalSettingsFile()` in BootstrapHelperFunctions.php; not in 1.35.13, in 1.39.17.
 * - `php`: `includes/PHPVersionCheck.php` of each branch for the lowest; mediawiki.org/wiki/Compatibility for the highest.
 */
const table: Record<string, Omit<Branch, "name" | "known">> = {
  "1.35": {
    readOnlyRememberedMs: 8_000,
    runScript: false,
    settingsFromEnvironment: false,
    php: { from: "7.3", below: "8.0" },
  },
  "1.36": {
    readOnlyRememberedMs: 8_000,
    runScript: false,
    settingsFromEnvironment: false,
    php: { from: "7.3", below: "8.0" },
  },
  "1.37": {
    readOnlyRememberedMs: 8_000,
    runScript: false,
    settingsFromEnvironment: false,
    php: { from: "7.3", below: "8.0" },
  },
  "1.38": {
    readOnlyRememberedMs: 8_000,
    runScript: false,
    settingsFromEnvironment: true,
    php: { from: "7.3", below: "8.1" },
  },
  "1.39": {
    readOnlyRememberedMs: 8_000,
    runScript: false,
    settingsFromEnvironment: true,
    php: { from: "7.4", below: "8.3" },
  },
  "1.40": {
    readOnlyRememberedMs: 8_000,
    runScript: true,
    settingsFromEnvironment: true,
    php: { from: "7.4", below: "8.3" },
  },
  "1.41": {
    readOnlyRememberedMs: 5_000,
    runScript: true,
    settingsFromEnvironment: true,
    php: { from: "7.4", below: "8.3" },
  },
  "1.42": {
    readOnlyRememberedMs: 5_000,
    runScript: true,
    settingsFromEnvironment: true,
    php: { from: "7.4", below: "8.4" },
  },
  "1.43": {
    readOnlyRememberedMs: 5_000,
    runScript: true,
    settingsFromEnvironment: true,
    php: { from: "8.1", below: "8.5" },
  },
  "1.44": {
    readOnlyRememberedMs: 5_000,
    runScript: true,
    settingsFromEnvironment: true,
    php: { from: "8.1", below: "8.5" },
  },
  "1.45": {
    readOnlyRememberedMs: 5_000,
    runScript: true,
    settingsFromEnvironment: true,
    php: { from: "8.2", below: "8.6" },
  },
  "1.46": {
    readOnlyRememberedMs: 5_000,
    runScript: true,
    settingsFromEnvironment: true,
    php: { from: "8.3", below: "8.6" },
  },
};

/** For a branch that the table lacks: the longest time, and what every newer branch has. */
const safest: Omit<Branch, "name" | "known"> = {
  readOnlyRememberedMs: 8_000,
  runScript: true,
  settingsFromEnvironment: true,
  php: { from: "8.3", below: "99" },
};

/** The oldest branch that can be moved. */
export const oldestBranch = "1.35";

/** @param version Such as `1.39.17` or `1.46.0-alpha`. */
export function branchOf(version: string): Branch {
  const name = /^\d+\.\d+/.exec(version)?.[0] ?? version;
  const found = table[name];
  return { name, known: found !== undefined, ...(found ?? safest) };
}

/** Whether a branch is older than the oldest that can be moved. */
export function isTooOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = oldestBranch.split(".").map(Number);
  return major < oldestMajor || (major === oldestMajor && minor < oldestMinor);
}
