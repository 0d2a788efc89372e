<?php
// Green's settings, from the environment. Required: WIKI_SITENAME, WIKI_SERVER, WIKI_DB_HOST, WIKI_DB_NAME,
// WIKI_DB_USER, WIKI_REDIS_CACHE, WIKI_REDIS_SESSIONS. Secrets are files in /run/secrets: database-password, secret-key,
// redis-password.
if ( !defined( 'MEDIAWIKI' ) ) {
	exit;
}

$wikiferryEnv = static function ( string $name, ?string $default = null ): string {
	$value = getenv( $name );
	if ( $value === false || $value === '' ) {
		if ( $default === null ) {
			throw new RuntimeException( "$name is not set: green's MediaWiki takes its settings from the environment" );
		}
		return $default;
	}
	return $value;
};
$wikiferrySecret = static function ( string $name ): string {
	$value = @file_get_contents( "/run/secrets/$name" );
	if ( $value === false || $value === '' ) {
		throw new RuntimeException( "/run/secrets/$name can't be read: green's MediaWiki takes its secrets from there" );
	}
	return $value;
};
$wikiferryWords = static function ( string $text ): array {
	return preg_split( '/[\s,]+/', $text, -1, PREG_SPLIT_NO_EMPTY );
};

$wgSitename = $wikiferryEnv( 'WIKI_SITENAME' );
$wgServer = $wikiferryEnv( 'WIKI_SERVER' );
$wgScriptPath = '';
$wgResourceBasePath = '';
$wgLanguageCode = $wikiferryEnv( 'WIKI_LANGUAGE', 'en' );
$wgMetaNamespace = $wikiferryEnv( 'WIKI_META_NAMESPACE', str_replace( ' ', '_', $wgSitename ) );

$wgDBtype = 'mysql';
$wgDBserver = $wikiferryEnv( 'WIKI_DB_HOST' ) . ':' . $wikiferryEnv( 'WIKI_DB_PORT', '3306' );
$wgDBname = $wikiferryEnv( 'WIKI_DB_NAME' );
$wgDBuser = $wikiferryEnv( 'WIKI_DB_USER' );
$wgDBpassword = $wikiferrySecret( 'database-password' );
$wgDBprefix = $wikiferryEnv( 'WIKI_DB_PREFIX', '' );
$wgDBTableOptions = 'ENGINE=InnoDB, DEFAULT CHARSET=binary';

// The same as blue's, or everyone is logged out. Cookie prefix and session name, where not given, follow from the
// database's name and prefix on both sides.
$wgSecretKey = $wikiferrySecret( 'secret-key' );
$wgAuthenticationTokenVersion = $wikiferryEnv( 'WIKI_AUTH_TOKEN_VERSION', '' );
if ( $wgAuthenticationTokenVersion === '' ) {
	$wgAuthenticationTokenVersion = null;
}
$wgCookiePrefix = $wikiferryEnv( 'WIKI_COOKIE_PREFIX', '' ) ?: false;
$wgSessionName = $wikiferryEnv( 'WIKI_SESSION_NAME', '' ) ?: false;

$wikiferryRedis = static function ( string $address ) use ( $wikiferrySecret ): array {
	return [
		'class' => RedisBagOStuff::class,
		'servers' => [ strpos( $address, ':' ) === false ? "$address:6379" : $address ],
		'password' => $wikiferrySecret( 'redis-password' ),
		'connectTimeout' => 0.5,
		'persistent' => true,
		'automaticFailover' => false,
	];
};
$wgObjectCaches['redis-cache'] = $wikiferryRedis( $wikiferryEnv( 'WIKI_REDIS_CACHE' ) );
$wgObjectCaches['redis-sessions'] = $wikiferryRedis( $wikiferryEnv( 'WIKI_REDIS_SESSIONS' ) );
// Sessions are written to Redis and to the objectcache table, both before the request ends, and read from Redis, then
// from the table. The table is replicated, so blue's sessions are found here, and those made here go back to blue.
// A session found in the table only is not copied up (MultiWriteBagOStuff does that for READ_VERIFIED reads alone) but
// written to both with $wgObjectCacheSessionExpiry at its next save. What blue writes while Redis holds an older
// copy is not seen: the redis-sessions instance must be flushed right before this side opens.
$wgObjectCaches['sessions'] = [
	'class' => MultiWriteBagOStuff::class,
	'caches' => [
		[ 'factory' => [ ObjectCache::class, 'getInstance' ], 'args' => [ 'redis-sessions' ] ],
		[ 'factory' => [ ObjectCache::class, 'getInstance' ], 'args' => [ CACHE_DB ] ],
	],
	'replication' => 'sync',
	'reportDupes' => false,
];
$wgMainCacheType = 'redis-cache';
$wgSessionCacheType = 'sessions';
$wgCacheDirectory = '/spool/cache';
$wgTmpDirectory = '/spool/tmp';
$wgInvalidateCacheOnLocalSettingsChange = false;

// Jobs run in a service of their own.
$wgJobRunRate = 0;

$wgEnableUploads = true;
$wgUploadDirectory = '/srv/uploads';
$wgUploadPath = $wikiferryEnv( 'WIKI_UPLOAD_PATH', '/images' );
$wgHashedUploadDirectory = $wikiferryEnv( 'WIKI_HASHED_UPLOADS', 'true' ) !== 'false';
$wgFileExtensions = $wikiferryWords( $wikiferryEnv( 'WIKI_FILE_EXTENSIONS', 'png gif jpg jpeg webp svg' ) );
$wgUseImageMagick = true;
$wgImageMagickConvertCommand = '/usr/bin/convert';
$wgSVGConverter = 'rsvg';
// By default it lies in the upload directory, and would lock this side as soon as it were copied from the other.
$wgReadOnlyFile = '/tmp/wikiferry/read-only';

// Trusted to name the client in X-Forwarded-For. $wgUseCdn stays off: nothing between here and the reader caches pages.
$wgCdnServersNoPurge = $wikiferryWords( $wikiferryEnv( 'WIKI_CDN_SERVERS', '' ) );
// The gate's address changes with its container. Not its whole network: a client that Docker's proxy carries comes from
// the network's own address, and would choose its address by a header. Who sends none needs no answer of the DNS.
if ( isset( $_SERVER['HTTP_X_FORWARDED_FOR'] ) ) {
	foreach ( $wikiferryWords( $wikiferryEnv( 'WIKI_GATE', '' ) ) as $wikiferryName ) {
		$wgCdnServersNoPurge = array_merge( $wgCdnServersNoPurge, gethostbynamel( $wikiferryName ) ?: [] );
	}
}

$wgEnableEmail = false;
$wgDefaultSkin = $wikiferryEnv( 'WIKI_DEFAULT_SKIN', 'vector' );
foreach ( $wikiferryWords( $wikiferryEnv( 'WIKI_SKINS', 'Vector' ) ) as $wikiferryName ) {
	wfLoadSkin( $wikiferryName );
}
foreach ( $wikiferryWords( $wikiferryEnv( 'WIKI_EXTENSIONS', '' ) ) as $wikiferryName ) {
	wfLoadExtension( $wikiferryName );
}

require __DIR__ . '/fresh-read-only.php';

// What else blue's LocalSettings.php says.
if ( is_readable( '/run/secrets/settings.php' ) ) {
	require '/run/secrets/settings.php';
}
