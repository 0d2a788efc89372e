import type { PutFile } from "../../../../../../common/putFiles";
import { editorRights, type SettingsInput, settingsFile } from "../site";

/** LocalSettings.php with what it includes: secrets beside it, and rights in a file elsewhere. */
export const settingsOf = (input: SettingsInput): PutFile[] => [
  settingsFile("/var/www/wiki/w/LocalSettings.php", localSettings(input)),
  settingsFile("/var/www/wiki/w/secrets.php", secretSettings(input)),
  settingsFile("/etc/wiki-rechte.php", rights),
];

const localSettings = ({ databaseHost, database, prefix, serverUrl, gateNetwork }: SettingsInput) => `<?php
# Vom Installationsprogramm erzeugt, seit 2012 von Hand gepflegt
if ( !defined( 'MEDIAWIKI' ) ) {
	exit;
}

$wgSitename = 'Hafenwiki';
$wgMetaNamespace = 'Hafen';
$wgServer = '${serverUrl}';
$wgScriptPath = '/w';
$wgArticlePath = '/wiki/$1';
$wgUsePathInfo = true;
$wgResourceBasePath = $wgScriptPath;
$wgLogo = '/logo.png';
$wgFavicon = '/favicon.ico';

$wgLanguageCode = 'de';
$wgLocaltimezone = 'Europe/Berlin';
date_default_timezone_set( $wgLocaltimezone );

define( 'NS_PORTAL', 3000 );
define( 'NS_PORTAL_TALK', 3001 );
$wgExtraNamespaces[NS_PORTAL] = 'Portal';
$wgExtraNamespaces[NS_PORTAL_TALK] = 'Portal_Diskussion';
$wgContentNamespaces[] = NS_PORTAL;
$wgNamespacesToBeSearchedDefault[NS_PORTAL] = true;

require __DIR__ . '/secrets.php';
$wgDBtype = 'mysql';
$wgDBserver = '${databaseHost}';
$wgDBname = '${database}';
$wgDBuser = 'wikiuser';
$wgDBprefix = '${prefix}';
$wgDBTableOptions = 'ENGINE=InnoDB, DEFAULT CHARSET=binary';

$wgMainCacheType = CACHE_ACCEL;
$wgSessionCacheType = CACHE_DB;
$wgCacheDirectory = "$IP/cache";

$wgEnableUploads = true;
$wgUploadDirectory = "$IP/images";
$wgUploadPath = "$wgScriptPath/img_auth.php";
$wgImgAuthDetails = true;
$wgUseImageMagick = true;
$wgImageMagickConvertCommand = '/usr/bin/convert';
$wgSVGConverter = 'rsvg';
$wgMaxUploadSize = 128 * 1024 * 1024;
$wgFileExtensions = array_merge( $wgFileExtensions, [ 'svg', 'pdf' ] );
$wgDiff3 = '/usr/bin/diff3';

# Das macht cron
$wgJobRunRate = 0;
# Das Gate nennt die Adresse des Besuchers in X-Forwarded-For
$wgCdnServersNoPurge = [ '${gateNetwork}' ];
$wgEnableEmail = false;

wfLoadSkin( 'Vector' );
wfLoadSkin( 'MonoBook' );
wfLoadSkin( 'Kai' );
$wgDefaultSkin = 'vector';

wfLoadExtension( 'Cite' );
wfLoadExtension( 'CategoryTree' );
wfLoadExtension( 'InputBox' );
wfLoadExtension( 'ParserFunctions' );
wfLoadExtension( 'WikiEditor' );
wfLoadExtension( 'Gezeiten' );
$wgGezeitenHafen = 'Brunsbüttel';
require_once "$IP/extensions/Faehrplan/Faehrplan.php";

require '/etc/wiki-rechte.php';
`;

const secretSettings = ({ secrets }: SettingsInput) => `<?php
$wgDBpassword = '${secrets.appPassword}';
$wgSecretKey = '${secrets.secretKey}';
$wgUpgradeKey = '${secrets.upgradeKey}';
$wgAuthenticationTokenVersion = '1';
`;

const rights = `<?php
# Gilt für alle unsere Wikis
$wgGroupPermissions['*']['read'] = false;
$wgGroupPermissions['*']['edit'] = false;
$wgGroupPermissions['*']['createaccount'] = false;
${editorRights}`;
