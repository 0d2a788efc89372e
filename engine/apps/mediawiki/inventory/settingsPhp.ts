import { programsPhp } from "./programsPhp";

/** Begins the line of standard output on which the answer stands. */
export const settingsMarker = "wikiferry-inventory:";

/**
 * Input of MediaWiki's `eval`: one line that reads the rest of the input, since eval takes only lines of up to 1,023
 * bytes. For PHP 7.2 and later, MediaWiki 1.35 and later. It reads and writes nothing, not even a message cache, and
 * leaves secrets where they are: each becomes a fingerprint, HMAC-SHA-256 with the salt, 16 hex digits. Two sides that
 * are asked with the same salt can be compared.
 * @param salt Letters and digits.
 * @param database Whether the wiki's database is asked too.
 */
export function settingsQuestion(salt: string, database = true): string {
  return [
    "eval( stream_get_contents( STDIN ) );",
    `$wfSalt = '${salt}'; $wfAskDatabase = ${database};`,
    valuesPhp,
    filesPhp,
    programsPhp,
    databasePhp,
    answerPhp,
  ].join("\n");
}

export const secretsMarker = "wikiferry-secrets:";

/** Input of MediaWiki's `eval`, for the two secrets that the move needs. */
export const secretsQuestion = `print PHP_EOL . "${secretsMarker}" . json_encode( [ 'password' => (string)( $GLOBALS['wgDBservers'][0]['password'] ?? $GLOBALS['wgDBpassword'] ), 'secretKey' => (string)$GLOBALS['wgSecretKey'] ] ) . PHP_EOL`;

/** Values as data: secrets, closures and objects replaced. */
const valuesPhp = String.raw`
$wfIsSecret = static function ( $name ) {
  if ( preg_match( '/^wg(Password(Sender|Default|Policy|Config|ResetRoutes|ExpirationDays|.*Length|Salt)|AuthenticationTokenVersion|.*Cookie.*|.*SortKey.*)$/', $name ) ) return false;
  return (bool)preg_match( '/secret|passw|pwd|credential|private|salt|dsn|auth_?token|api_?token|access_?token|token$|[a-z_]key$|^key$|api_?key|^upgradekey|proxykey/i', $name );
};
$wfFingerprint = static function ( $value ) use ( $wfSalt ) {
  return [ 'secret' => $value === '' ? '' : substr( hash_hmac( 'sha256', (string)$value, $wfSalt ), 0, 16 ) ];
};
$wfData = static function ( $value, $secret, $depth = 0 ) use ( &$wfData, $wfIsSecret, $wfFingerprint ) {
  if ( is_array( $value ) ) {
    if ( $depth > 12 ) return [ 'class' => 'array' ];
    $data = [];
    foreach ( $value as $key => $inner ) {
      $data[$key] = $wfData( $inner, $secret || ( is_string( $key ) && $wfIsSecret( $key ) ), $depth + 1 );
    }
    return $data;
  }
  if ( is_object( $value ) || is_resource( $value ) ) return [ 'class' => is_object( $value ) ? get_class( $value ) : 'resource' ];
  if ( is_float( $value ) && !is_finite( $value ) ) return (string)$value;
  if ( !is_string( $value ) ) return $value;
  if ( $secret || strpos( $value, 'PRIVATE KEY-----' ) !== false ) return $wfFingerprint( $value );
  return preg_replace( '~(://[^/@:\s]*):[^/@\s]+@~', '$1:<secret>@', $value ) ?? '';
};
$wfJson = static function ( $value ) {
  return json_encode( $value, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_INVALID_UTF8_SUBSTITUTE | JSON_PARTIAL_OUTPUT_ON_ERROR );
};
$wfDefaults = ( static function () {
  if ( class_exists( 'MediaWiki\MainConfigSchema' ) ) return iterator_to_array( MediaWiki\MainConfigSchema::listDefaultValues( 'wg' ) );
  include $GLOBALS['IP'] . '/includes/DefaultSettings.php';
  return get_defined_vars();
} )();
$wfAlways = [ 'wgServer', 'wgCanonicalServer', 'wgScriptPath', 'wgArticlePath', 'wgVariantArticlePath', 'wgUsePathInfo', 'wgSitename', 'wgLanguageCode', 'wgLocaltimezone', 'wgMetaNamespace',
  'wgDBtype', 'wgDBserver', 'wgDBname', 'wgDBuser', 'wgDBport', 'wgDBprefix', 'wgDBservers', 'wgLBFactoryConf', 'wgDBssl', 'wgSQLMode', 'wgSharedDB', 'wgSharedPrefix', 'wgSharedTables',
  'wgCookiePrefix', 'wgCookieDomain', 'wgCookiePath', 'wgCookieSecure', 'wgSessionName', 'wgAuthenticationTokenVersion', 'wgSecretKey', 'wgUpgradeKey',
  'wgMainCacheType', 'wgMessageCacheType', 'wgParserCacheType', 'wgSessionCacheType', 'wgLanguageConverterCacheType', 'wgMainStash', 'wgMainWANCache', 'wgObjectCaches', 'wgMemCachedServers', 'wgLocalisationCacheConf',
  'wgCacheDirectory', 'wgTmpDirectory', 'wgFileCacheDirectory', 'wgUseFileCache', 'wgDebugLogFile', 'wgDebugLogGroups', 'wgDBerrorLog', 'wgTemplateCacheType',
  'wgUploadDirectory', 'wgUploadPath', 'wgEnableUploads', 'wgHashedUploadDirectory', 'wgDeletedDirectory', 'wgFileBackends', 'wgLocalFileRepo', 'wgForeignFileRepos', 'wgThumbnailScriptPath', 'wgGenerateThumbnailOnParse', 'wgFileExtensions', 'wgMaxUploadSize', 'wgUseImageMagick', 'wgSVGConverter', 'wgMaxShellMemory',
  'wgReadOnly', 'wgReadOnlyFile', 'wgJobRunRate', 'wgJobTypeConf', 'wgUseCdn', 'wgCdnServers', 'wgCdnServersNoPurge', 'wgUsePrivateIPs', 'wgHTTPProxy', 'wgShellboxUrls', 'wgPhpCli', 'wgPoolCounterConf', 'wgEventRelayerConfig',
  'wgEnableEmail', 'wgSMTP', 'wgEmergencyContact', 'wgPasswordSender', 'wgDefaultSkin', 'wgLogo', 'wgLogos', 'wgFavicon', 'wgGroupPermissions', 'wgRevokePermissions', 'wgExtraNamespaces', 'wgNamespaceAliases', 'wgCapitalLinks', 'wgExtensionDirectory', 'wgStyleDirectory', 'wgResourceBasePath', 'wgLoadScript', 'wgScript' ];
$wfNever = [ 'wgAutoloadClasses', 'wgAutoloadLocalClasses', 'wgCommandLineMode', 'wgShowExceptionDetails', 'wgShowHostnames', 'wgRequestTime', 'wgDBadminuser', 'wgDBadminpassword', 'wgFullyInitialised', 'wgTitle', 'wgUser', 'wgCacheEpoch', 'wgInitialSessionId' ];
$wfSettings = [];
foreach ( array_keys( $GLOBALS ) as $name ) {
  if ( !preg_match( '/^(wg|[a-z]{2,6}g)[A-Z]/', $name ) || in_array( $name, $wfNever, true ) ) continue;
  $value = $GLOBALS[$name];
  if ( is_object( $value ) ) continue;
  $always = in_array( $name, $wfAlways, true );
  if ( !$always && array_key_exists( $name, $wfDefaults ) && $wfDefaults[$name] == $value && gettype( $wfDefaults[$name] ) === gettype( $value ) ) continue;
  $data = $wfData( $value, $wfIsSecret( $name ) );
  $text = $wfJson( $data );
  $wfSettings[$name] = $always || strlen( $text ) <= 16384 ? $data : [ 'sha256' => hash( 'sha256', $text ), 'bytes' => strlen( $text ) ];
}
ksort( $wfSettings );
`;

/** Included files, extensions, skins, composer's packages. */
const filesPhp = String.raw`
$wfIP = defined( 'MW_INSTALL_PATH' ) ? MW_INSTALL_PATH : $GLOBALS['IP'];
$wfReal = realpath( $wfIP ) ?: $wfIP;
$wfThings = [];
$wfRegistry = class_exists( 'MediaWiki\Registration\ExtensionRegistry' ) ? 'MediaWiki\Registration\ExtensionRegistry' : 'ExtensionRegistry';
foreach ( $wfRegistry::getInstance()->getAllThings() as $name => $thing ) {
  $path = (string)( $thing['path'] ?? '' );
  $wfThings[$name] = [ 'name' => (string)$name, 'version' => (string)( $thing['version'] ?? '' ), 'skin' => ( $thing['type'] ?? '' ) === 'skin', 'manifest' => $path, 'directory' => $path === '' ? '' : dirname( $path ) ];
}
foreach ( $GLOBALS['wgExtensionCredits'] ?? [] as $type => $credits ) {
  foreach ( $credits as $credit ) {
    $name = (string)( $credit['name'] ?? '' );
    if ( $name === '' || isset( $wfThings[$name] ) ) continue;
    $path = (string)( $credit['path'] ?? '' );
    $wfThings[$name] = [ 'name' => $name, 'version' => (string)( $credit['version'] ?? '' ), 'skin' => $type === 'skin', 'manifest' => $path, 'directory' => is_dir( dirname( $path ) ) && $path !== '' ? dirname( $path ) : '' ];
  }
}
$wfBelow = static function ( $path, $directory ) {
  return $directory !== '' && strncmp( $path, $directory . '/', strlen( $directory ) + 1 ) === 0;
};
$wfConfigFile = defined( 'MW_CONFIG_FILE' ) ? MW_CONFIG_FILE : "$wfIP/LocalSettings.php";
$wfTheirs = static function ( $path ) use ( $wfReal, $wfBelow ) {
  foreach ( [ 'includes', 'languages', 'maintenance', 'vendor', 'resources', 'mw-config', 'extensions', 'skins', 'extensions-core', 'lib', 'sql', 'tests' ] as $folder ) {
    if ( $wfBelow( $path, "$wfReal/$folder" ) || $wfBelow( $path, realpath( "$wfReal/$folder" ) ?: '' ) ) return true;
  }
  return $path === "$wfReal/autoload.php";
};
$wfFiles = [];
$wfMissing = [];
// What an include names, where that is a text or begins with __DIR__, dirname( __FILE__ ) or $IP.
$wfNamed = static function ( $file ) use ( $wfIP ) {
  $found = [];
  $tokens = function_exists( 'token_get_all' ) ? @token_get_all( (string)@file_get_contents( $file ) ) : [];
  for ( $at = 0; $at < count( $tokens ); $at++ ) {
    if ( !is_array( $tokens[$at] ) || !in_array( $tokens[$at][0], [ T_INCLUDE, T_INCLUDE_ONCE, T_REQUIRE, T_REQUIRE_ONCE ], true ) ) continue;
    $text = '';
    for ( $at++; $at < count( $tokens ) && $tokens[$at] !== ';'; $at++ ) $text .= is_array( $tokens[$at] ) ? $tokens[$at][1] : $tokens[$at];
    $text = preg_replace( '/dirname\s*\(\s*__FILE__\s*\)/', '__DIR__', trim( $text ) );
    if ( preg_match( '/^\((.*)\)$/s', $text, $match ) ) $text = trim( $match[1] );
    if ( preg_match( '/^(__DIR__|\$IP)\s*\.\s*([\'"])([^\'"$]*)\2$/', $text, $match ) ) $found[] = ( $match[1] === '$IP' ? $wfIP : dirname( $file ) ) . $match[3];
    elseif ( preg_match( '/^"(\$IP|\{\$IP\})(\/[^"$]*)"$/', $text, $match ) ) $found[] = $wfIP . $match[2];
    elseif ( preg_match( '/^([\'"])(\/[^\'"$]*)\1$/', $text, $match ) ) $found[] = $match[2];
  }
  return $found;
};
$wfAdd = static function ( $path, $real ) use ( &$wfFiles, $wfReal, $wfBelow ) {
  $wfFiles[$real] = [ 'path' => $path, 'realPath' => $real, 'bytes' => (int)@filesize( $real ), 'inside' => $wfBelow( $real, $wfReal ) ];
};
$wfAdd( $wfConfigFile, realpath( $wfConfigFile ) ?: $wfConfigFile );
foreach ( get_included_files() as $file ) {
  $real = realpath( $file ) ?: $file;
  if ( !isset( $wfFiles[$real] ) && is_file( $real ) && !$wfTheirs( $real ) ) $wfAdd( $file, $real );
}
$wfQueue = array_keys( $wfFiles );
while ( $wfQueue && count( $wfFiles ) < 2000 ) {
  foreach ( $wfNamed( $by = array_shift( $wfQueue ) ) as $file ) {
    $real = realpath( $file );
    if ( !$real ) continue;
    if ( !is_readable( $real ) ) $wfMissing[] = [ 'path' => $file, 'by' => $by ];
    elseif ( !isset( $wfFiles[$real] ) && !$wfTheirs( $real ) ) {
      $wfAdd( $file, $real );
      $wfQueue[] = $real;
    }
  }
}
$wfComposer = [];
$wfInstalled = json_decode( (string)@file_get_contents( "$wfIP/vendor/composer/installed.json" ), true );
foreach ( $wfInstalled['packages'] ?? $wfInstalled ?? [] as $package ) {
  if ( isset( $package['name'] ) ) $wfComposer[] = [ 'name' => $package['name'], 'version' => (string)( $package['version'] ?? '' ) ];
}
`;

/** The wiki's own account asks its server, through MediaWiki. */
const databasePhp = String.raw`
$wfDatabase = [ 'version' => '', 'hostname' => '', 'databases' => [], 'recorded' => -1, 'error' => '' ];
if ( $wfAskDatabase && ( $GLOBALS['wgDBtype'] ?? '' ) === 'mysql' ) {
  try {
    $db = MediaWiki\MediaWikiServices::getInstance()->getDBLoadBalancer()->getConnection( defined( 'DB_REPLICA' ) ? DB_REPLICA : -1 );
    foreach ( $db->query( 'SELECT @@version AS v, @@hostname AS h', 'wikiferry' ) as $row ) {
      $wfDatabase['version'] = (string)$row->v;
      $wfDatabase['hostname'] = (string)$row->h;
    }
    $query = "SELECT s.schema_name AS n, COALESCE(SUM(t.data_length + t.index_length), 0) AS b FROM information_schema.schemata s LEFT JOIN information_schema.tables t ON t.table_schema = s.schema_name WHERE s.schema_name NOT IN ('information_schema', 'performance_schema', 'mysql', 'sys') GROUP BY s.schema_name ORDER BY s.schema_name";
    foreach ( $db->query( $query, 'wikiferry' ) as $row ) $wfDatabase['databases'][] = [ 'name' => (string)$row->n, 'bytes' => (int)$row->b ];
    foreach ( $db->query( 'SELECT COUNT(*) AS c FROM ' . $db->tableName( 'image' ), 'wikiferry' ) as $row ) $wfDatabase['recorded'] = (int)$row->c;
  } catch ( Throwable $error ) {
    $wfDatabase['error'] = substr( preg_replace( '/\s+/', ' ', $error->getMessage() ), 0, 300 );
  }
}
`;

const answerPhp = `
$wfOut = [
  'version' => defined( 'MW_VERSION' ) ? MW_VERSION : ( $GLOBALS['wgVersion'] ?? '' ),
  'phpVersion' => PHP_VERSION,
  'directory' => $wfIP,
  'realDirectory' => $wfReal,
  'settingsFile' => $wfConfigFile,
  'anonymousRead' => !empty( $GLOBALS['wgGroupPermissions']['*']['read'] ) && empty( $GLOBALS['wgRevokePermissions']['*']['read'] ),
  'components' => array_values( $wfThings ),
  'composer' => $wfComposer,
  'settings' => (object)$wfSettings,
  'includedFiles' => array_values( $wfFiles ),
  'unreadableIncludes' => $wfMissing,
  'programs' => $wfPrograms,
  'database' => $wfDatabase,
  'socket' => (string)ini_get( 'mysqli.default_socket' ),
];
print PHP_EOL . "${settingsMarker}" . $wfJson( $wfOut ) . PHP_EOL;
`;
