import { z } from "zod";
import { WikiferryError } from "../../errors";
import type { SshTarget } from "../../move";
import type { SshPool } from "../../runtime/ssh/pool";
import { quote } from "../../runtime/ssh/quote";

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
  /** Class of the backend that holds the uploads, `FSFileBackend` for a directory; empty where it can't be built. */
  fileBackend: z.string(),
  wgReadOnly: z.union([z.string(), z.boolean()]).nullable(),
  wgReadOnlyFile: z.union([z.string(), z.boolean()]),
  wgJobRunRate: z.coerce.number(),
  wgJobTypeClass: z.string(),
  /** Whether people who are not logged in may read. */
  anonymousRead: z.boolean(),
  /** Pages that start and end sessions, under all their names, such as `spezial:anmelden`. */
  sessionPages: z.array(z.string()),
  /** Class of each entry of `$wgObjectCaches` that has one. */
  cacheClasses: z.record(z.string(), z.string()),
});

/** The effective values of blue's LocalSettings.php, without secrets. */
export type WikiSettings = z.infer<typeof settingsSchema>;

const names = Object.keys(settingsSchema.shape).filter(
  (name) => name.startsWith("wg") && name !== "wgJobTypeClass",
);
const marker = "wikiferry-settings:";

/**
 * Names of the pages that start and end sessions, in MediaWiki's own English, in the wiki's language and in that
 * language's fallbacks (the gate compares them in lower case). Read from MediaWiki's message files, because its message
 * cache would be written where it does not exist yet.
 */
const sessionPagesScript = [
  "$wfMw = MediaWiki\\MediaWikiServices::getInstance()",
  "$wfRead = static function ( $f ) { $namespaceNames = $namespaceAliases = $specialPageAliases = []; if ( is_readable( $f ) ) { include $f; } return [ $namespaceNames, $namespaceAliases, $specialPageAliases ]; }",
  "$wfSpaces = array_keys( $wgNamespaceAliases, NS_SPECIAL ); $wfPages = []",
  "$wfLangs = array_unique( array_merge( [ $wgLanguageCode, 'en' ], $wfMw->getLanguageFallback()->getAll( $wgLanguageCode ) ) )",
  "foreach ( $wfLangs as $l ) { $r = $wfRead( $wfMw->getLanguageNameUtils()->getMessagesFileName( $l ) ); $wfSpaces = array_merge( $wfSpaces, array_keys( $r[1], NS_SPECIAL ), [ $r[0][NS_SPECIAL] ?? '' ] ); foreach ( [ 'Userlogin', 'Userlogout', 'CreateAccount' ] as $p ) { $wfPages = array_merge( $wfPages, $r[2][$p] ?? [] ); } }",
  "$wfNames = []; foreach ( array_filter( array_unique( $wfSpaces ) ) as $s ) { foreach ( array_unique( $wfPages ) as $p ) { $wfNames[] = $s . ':' . $p; $wfNames[] = mb_strtolower( $s . ':' . $p ); } }",
  "$wfSessionPages = array_values( array_unique( array_map( 'strtolower', $wfNames ) ) )",
];
// eval.php runs its input line by line and reads at most 1,023 bytes of a line.
const script = [
  "$wfOut = [ 'version' => MW_VERSION, 'phpVersion' => PHP_VERSION ]",
  "$wfOut['secretKeyHash'] = hash( 'sha256', (string)$wgSecretKey )",
  "$wfOut['wgJobTypeClass'] = (string)( $wgJobTypeConf['default']['class'] ?? '' )",
  "$wfOut['anonymousRead'] = MediaWiki\\MediaWikiServices::getInstance()->getGroupPermissionsLookup()->groupHasPermission( '*', 'read' )",
  "try { $wfOut['fileBackend'] = get_class( MediaWiki\\MediaWikiServices::getInstance()->getRepoGroup()->getLocalRepo()->getBackend() ); } catch ( Throwable $e ) { $wfOut['fileBackend'] = ''; }",
  ...sessionPagesScript,
  "$wfOut['sessionPages'] = $wfSessionPages",
  ...names.map((name) => `$wfOut['${name}'] = $GLOBALS['${name}'] ?? null`),
  "$wfClass = static function ( $c ) { return is_array( $c ) && is_string( $c['class'] ?? null ) ? $c['class'] : ''; }",
  "$wfOut['cacheClasses'] = (object)array_filter( array_map( $wfClass, $wgObjectCaches ) )",
  `print PHP_EOL . "${marker}" . json_encode( $wfOut ) . PHP_EOL`,
].join("\n");

const evalIn = (directory: string) => `cd ${quote(directory)} && php maintenance/eval.php`;
const pagesMarker = "wikiferry-session-pages:";

/** Asks a MediaWiki's host only for the names of its session pages; none where it can't tell them. */
export function sessionPagesQuestion(mediawikiDirectory: string) {
  return {
    command: evalIn(mediawikiDirectory),
    stdin: `${[...sessionPagesScript, `print PHP_EOL . "${pagesMarker}" . json_encode( $wfSessionPages ) . PHP_EOL`].join("\n")}\n`,
    read(stdout: string): string[] {
      const line = stdout.split("\n").find((text) => text.startsWith(pagesMarker));
      return line === undefined ? [] : z.array(z.string()).parse(JSON.parse(line.slice(pagesMarker.length)));
    },
  };
}

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
  const result = await connection.exec(evalIn(mediawikiDirectory), `${script}\n`);
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
