/**
 * The programs that settings name. `used` is whether the settings make use of one: from the documentation of each
 * setting in MediaWiki's `MainConfigSchema.php` and in the extensions' `extension.json`. Any other setting whose value
 * is an executable file counts as used.
 */
export const programsPhp = String.raw`
$wfPrograms = [];
$wfGlobal = static function ( $name, $default = null ) { return $GLOBALS[$name] ?? $default; };
$wfFind = static function ( $path ) {
  if ( strpos( $path, '/' ) !== false ) return is_file( $path ) && is_executable( $path );
  foreach ( array_merge( explode( ':', (string)getenv( 'PATH' ) ), [ '/usr/local/bin', '/usr/bin', '/bin' ] ) as $folder ) {
    if ( $folder !== '' && is_file( "$folder/$path" ) && is_executable( "$folder/$path" ) ) return true;
  }
  return false;
};
$wfProgram = static function ( $name, $setting, $path, $used ) use ( &$wfPrograms, $wfFind ) {
  if ( !is_string( $path ) || $path === '' ) return;
  $wfPrograms[$setting] = [ 'name' => $name, 'setting' => $setting, 'path' => $path, 'exists' => $wfFind( $path ), 'used' => (bool)$used ];
};
// Registered by a name of its own, such as "PDF Handler"; its directory has the name that wfLoadExtension takes.
$wfDirectories = [];
foreach ( $wfThings as $name => $thing ) $wfDirectories[basename( $thing['directory'] )] = $wfDirectories[$name] = $thing['directory'];
$wfHas = static function ( $extension ) use ( $wfDirectories ) { return isset( $wfDirectories[$extension] ); };
$wfUploads = (bool)$wfGlobal( 'wgEnableUploads' );
$wfMagick = $wfUploads && $wfGlobal( 'wgUseImageMagick' );
$wfPdf = $wfUploads && $wfHas( 'PdfHandler' );
$wfTypes = array_map( 'strtolower', array_filter( (array)$wfGlobal( 'wgFileExtensions', [] ), 'is_string' ) );
$wfDjvu = $wfUploads && in_array( 'djvu', $wfTypes, true );
$wfVideo = $wfUploads && $wfHas( 'TimedMediaHandler' );
$wfProgram( 'diff3', 'wgDiff3', $wfGlobal( 'wgDiff3' ), true );
$wfProgram( 'diff', 'wgDiff', $wfGlobal( 'wgDiff' ), false );
$wfProgram( 'php', 'wgPhpCli', $wfGlobal( 'wgPhpCli' ), false );
$wfProgram( 'imagemagick', 'wgImageMagickConvertCommand', $wfGlobal( 'wgImageMagickConvertCommand' ), $wfMagick );
$wfProgram( 'imagemagick-identify', 'wgImageMagickIdentifyCommand', $wfGlobal( 'wgImageMagickIdentifyCommand' ), $wfUploads && $wfHas( 'PagedTiffHandler' ) );
$wfProgram( 'exiv2', 'wgExiv2Command', $wfGlobal( 'wgExiv2Command' ), false );
$wfProgram( 'jpegtran', 'wgJpegTran', $wfGlobal( 'wgJpegTran' ), false );
$wfProgram( 'ghostscript', 'wgPdfProcessor', $wfGlobal( 'wgPdfProcessor' ), $wfPdf );
$wfProgram( 'imagemagick', 'wgPdfPostProcessor', $wfGlobal( 'wgPdfPostProcessor' ), $wfPdf );
$wfProgram( 'pdfinfo', 'wgPdfInfo', $wfGlobal( 'wgPdfInfo' ), $wfPdf );
$wfProgram( 'pdftotext', 'wgPdftoText', $wfGlobal( 'wgPdftoText' ), $wfPdf );
$wfProgram( 'djvudump', 'wgDjvuDump', $wfGlobal( 'wgDjvuDump' ), $wfDjvu );
$wfProgram( 'ddjvu', 'wgDjvuRenderer', $wfGlobal( 'wgDjvuRenderer' ), $wfDjvu );
$wfProgram( 'djvutxt', 'wgDjvuTxt', $wfGlobal( 'wgDjvuTxt' ), $wfDjvu );
$wfProgram( 'djvutoxml', 'wgDjvuToXML', $wfGlobal( 'wgDjvuToXML' ), false );
$wfProgram( 'pnmtojpeg', 'wgDjvuPostProcessor', strtok( (string)$wfGlobal( 'wgDjvuPostProcessor' ), ' ' ), $wfDjvu );
$wfProgram( 'ffmpeg', 'wgFFmpegLocation', $wfGlobal( 'wgFFmpegLocation' ), $wfVideo );
$wfProgram( 'ffprobe', 'wgFFprobeLocation', $wfGlobal( 'wgFFprobeLocation' ), $wfVideo );
$wfProgram( 'vips', 'wgVipsCommand', $wfGlobal( 'wgVipsCommand' ), $wfHas( 'VipsScaler' ) );
$wfProgram( 'lilypond', 'wgScoreLilyPond', $wfGlobal( 'wgScoreLilyPond' ), $wfHas( 'Score' ) );
$wfProgram( 'fluidsynth', 'wgScoreFluidsynth', $wfGlobal( 'wgScoreFluidsynth' ), $wfHas( 'Score' ) );
$wfProgram( 'ploticus', 'wgTimelinePloticusCommand', $wfGlobal( 'wgTimelinePloticusCommand' ), $wfHas( 'timeline' ) );
$wfProgram( 'perl', 'wgTimelinePerlCommand', $wfGlobal( 'wgTimelinePerlCommand' ), $wfHas( 'timeline' ) );
$wfConverter = $wfGlobal( 'wgSVGConverter' );
$wfConverters = $wfGlobal( 'wgSVGConverters', [] );
if ( is_string( $wfConverter ) && is_string( $wfConverters[$wfConverter] ?? null ) ) {
  $path = rtrim( (string)$wfGlobal( 'wgSVGConverterPath' ), '/' );
  $command = trim( str_replace( '$path/', $path === '' ? '' : "$path/", $wfConverters[$wfConverter] ), " '\"" );
  $wfProgram( $wfConverter, 'wgSVGConverter', trim( (string)strtok( $command, ' ' ), "'\"" ), $wfUploads && in_array( 'svg', $wfTypes, true ) );
}
$wfLua = $wfGlobal( 'wgScribuntoDefaultEngine' );
if ( $wfHas( 'Scribunto' ) && ( $wfLua === 'luastandalone' || ( $wfLua === 'luaautodetect' && !extension_loaded( 'luasandbox' ) ) ) ) {
  $path = $wfGlobal( 'wgScribuntoEngineConf', [] )['luastandalone']['luaPath'] ?? null;
  // Without a path Scribunto starts the binary that it brings along.
  $bundled = glob( $wfDirectories['Scribunto'] . '/includes/{E,e}ngines/LuaStandalone/binaries/lua5_1_5_linux_64_generic/lua', GLOB_BRACE );
  $wfProgram( 'lua', 'wgScribuntoEngineConf', $path ?: ( $bundled[0] ?? 'lua5.1' ), true );
}
if ( $wfHas( 'SyntaxHighlight_GeSHi' ) ) {
  $path = $wfGlobal( 'wgPygmentizePath' );
  if ( !$path ) {
    $bundled = glob( $wfDirectories['SyntaxHighlight_GeSHi'] . '/pygments/pygmentize' );
    $wfProgram( 'python3', 'wgPygmentizePath (bundled pygmentize)', 'python3', (bool)$bundled );
  }
  $wfProgram( 'pygments', 'wgPygmentizePath', $path ?: ( $bundled[0] ?? 'pygmentize' ), true );
}
$wfVirus = $wfGlobal( 'wgAntivirus' );
if ( is_string( $wfVirus ) ) $wfProgram( 'antivirus', 'wgAntivirusSetup', strtok( (string)( $wfGlobal( 'wgAntivirusSetup', [] )[$wfVirus]['command'] ?? '' ), ' ' ), $wfUploads );
foreach ( $wfSettings as $name => $value ) {
  if ( isset( $wfPrograms[$name] ) || !is_string( $value ) || ( $value[0] ?? '' ) !== '/' || substr( $value, -4 ) === '.php' ) continue;
  if ( is_file( $value ) && is_executable( $value ) ) $wfProgram( basename( $value ), $name, $value, true );
}
$wfPrograms = array_values( $wfPrograms );
`;
