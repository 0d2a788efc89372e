import { z } from "zod";
import { WikiferryError } from "../errors";
import type { SshTarget } from "../move";
import type { SshPool } from "../ssh/pool";
import { quote } from "../ssh/quote";

const cacheType = z.union([z.number(), z.string()]);
const settingsSchema = z.object({
  version: z.string(),
  phpVersion: z.string(),
  /** SHA-256 of `$wgSecretKey`, which itself never leaves the host. */
  secretKeyHash: z.string(),
  wgServer: z.string(),
  wgDBname: z.string(),
  wgDBprefix: z.string(),
  wgDBuser: z.string(),
  wgCookiePrefix: z.union([z.string(), z.literal(false)]),
  wgSessionName: z.union([z.string(), z.literal(false)]),
  wgAuthenticationTokenVersion: z.string().nullable(),
  wgSessionCacheType: cacheType,
  wgMainCacheType: cacheType,
  wgMessageCacheType: cacheType,
  wgParserCacheType: cacheType,
  wgHashedUploadDirectory: z.boolean(),
  wgUploadPath: z.string(),
  wgUploadDirectory: z.string(),
  wgReadOnly: z.union([z.string(), z.boolean()]).nullable(),
  wgReadOnlyFile: z.union([z.string(), z.boolean()]),
  wgJobRunRate: z.coerce.number(),
  wgJobTypeClass: z.string(),
  /** Class of each entry of `$wgObjectCaches` that has one. */
  cacheClasses: z.record(z.string(), z.string()),
});

/** What blue's LocalSettings.php comes to, without secrets. */
export type WikiSettings = z.infer<typeof settingsSchema>;

const names = Object.keys(settingsSchema.shape).filter(
  (name) => name.startsWith("wg") && name !== "wgJobTypeClass",
);
const marker = "wikiferry-settings:";
// eval.php runs its input line by line and reads 1,023 bytes of a line at most.
const script = [
  "$wfOut = [ 'version' => MW_VERSION, 'phpVersion' => PHP_VERSION ]",
  "$wfOut['secretKeyHash'] = hash( 'sha256', (string)$wgSecretKey )",
  "$wfOut['wgJobTypeClass'] = (string)( $wgJobTypeConf['default']['class'] ?? '' )",
  ...names.map((name) => `$wfOut['${name}'] = $GLOBALS['${name}'] ?? null`),
  "$wfClass = static function ( $c ) { return is_array( $c ) && is_string( $c['class'] ?? null ) ? $c['class'] : ''; }",
  "$wfOut['cacheClasses'] = (object)array_filter( array_map( $wfClass, $wgObjectCaches ) )",
  `print PHP_EOL . "${marker}" . json_encode( $wfOut ) . PHP_EOL`,
].join("\n");

/**
 * Reads the settings of the MediaWiki on a host, as PHP there sees them after LocalSettings.php. Changes nothing.
 * @throws `WEB_SETTINGS`
 */
export async function readSettings(
  host: SshTarget,
  mediawikiDirectory: string,
  pool: SshPool,
): Promise<WikiSettings> {
  const connection = await pool.to(host);
  const result = await connection.exec(
    `cd ${quote(mediawikiDirectory)} && php maintenance/eval.php`,
    `${script}\n`,
  );
  const line = result.stdout.split("\n").find((text) => text.startsWith(marker));
  if (line === undefined) {
    throw new WikiferryError(
      "WEB_SETTINGS",
      `MediaWiki's settings can't be read on ${host.host} in ${mediawikiDirectory}: ${(result.stderr || result.stdout).trim().slice(-400)}`,
      "Set blue.web.mediawikiDirectory to the directory with maintenance/ and LocalSettings.php, and see that `php maintenance/eval.php` works there",
    );
  }
  return settingsSchema.parse(JSON.parse(line.slice(marker.length)));
}
