<?php
// dump.php PAGES SEED FILES PARTS OUT OWN: writes OUT-1.xml … OUT-PARTS.xml, dumps for importDump.php.
//
// The pages are the documentation that is installed on this machine: manual pages (English, Chinese, Japanese), the
// Debian reference, and what packages have in /usr/share/doc. The same arguments on the same packages give the same
// bytes. FILES is a text file with one uploaded file's title a line; some pages show one of them. OWN is a JSON
// list of {title, text, model?}: pages besides.
mb_internal_encoding( 'UTF-8' );
[ , $pages, $seed, $filesList, $parts, $out, $own ] = $argv;
$pages = (int)$pages;
$parts = (int)$parts;
const CHUNK_CHARACTERS = 3500;
// Characters outside the Basic Multilingual Plane: four bytes each in UTF-8.
// Titles that addresses, shells and databases trip over.
const HARD = [
	'Größe & Gewicht', 'Was ist das?', 'C++', 'AC/DC', 'Straße/Ähren/Ü', '100 % sicher', "Rock 'n' Roll", 'A+B=C', 'Foo;bar, baz',
	'𝔚𝔦𝔨𝔦 🚢/𠮷', 'Ende...', 'What?action=edit&title=x', '!important', 'Naïve café (Ω)', '"Quoted" titles', 'Index.php', '~tilde*star',
];
const WIDE = [ '🧭', '𠮷', '😀', '🐧', '𠀋', '🚢', '𡈽', '🗺️', '𩸽', '📚' ];

function draw( string $what ): int {
	global $seed;
	return hexdec( substr( hash( 'sha256', "$seed\0$what" ), 0, 8 ) );
}

function textOf( string $path ): string {
	$raw = file_get_contents( $path );
	if ( substr( $path, -3 ) === '.gz' ) {
		$raw = gzdecode( $raw );
	}
	return mb_check_encoding( $raw, 'UTF-8' ) ? $raw : mb_convert_encoding( $raw, 'UTF-8', 'ISO-8859-1' );
}

function plain( string $text ): string {
	$text = preg_replace( '/[^\P{C}\n\t]/u', '', $text );
	return str_replace(
		[ '&', '<', '>', '{{', '}}', '[[', ']]', '~~~', '__' ],
		[ '&amp;', '&lt;', '&gt;', '&#123;&#123;', '&#125;&#125;', '&#91;&#91;', '&#93;&#93;', '&#126;~~', '&#95;_' ],
		$text
	);
}

/** Paragraphs of wikitext from a manual page's source, headings and emphasis kept. */
function fromRoff( string $source ): array {
	$source = preg_replace( [ '/^[.\']\\\\".*$/m', '/\\\\f[BIRP]|\\\\f\([A-Z]{2}|\\\\s[+-]?\d/', '/\\\\".*$/m' ], '', $source );
	$source = strtr( $source, [ '\\-' => '-', '\\&' => '', '\\e' => '\\', '\\(co' => '©', '\\(aq' => "'", '\\(bu' => '•', '\\ ' => ' ' ] );
	$paragraphs = [];
	$lines = [];
	$flush = static function () use ( &$paragraphs, &$lines ) {
		if ( $lines ) {
			$paragraphs[] = implode( "\n", $lines );
			$lines = [];
		}
	};
	foreach ( explode( "\n", $source ) as $line ) {
		if ( preg_match( '/^[.\']\s*(S[HS]|Sh|Ss)\s+"?([^"]+)"?/', $line, $match ) ) {
			$flush();
			$mark = strtoupper( $match[1] ) === 'SH' ? '==' : '===';
			$paragraphs[] = "$mark " . plain( trim( $match[2] ) ) . " $mark";
		} elseif ( preg_match( '/^[.\']\s*(B|I|BR|IR|RB|RI|BI|IB|Nm|Fl|Ar|Xr|Em)\s+(.+)$/', $line, $match ) ) {
			$quote = $match[1][0] === 'I' ? "''" : "'''";
			$lines[] = $quote . plain( trim( str_replace( '"', '', $match[2] ) ) ) . $quote;
		} elseif ( preg_match( '/^[.\'](PP|P|LP|TP|IP|Pp|It|sp|br|fi|nf|RS|RE)\b/', $line ) || trim( $line ) === '' ) {
			$flush();
		} elseif ( $line[0] !== '.' && $line[0] !== "'" ) {
			$lines[] = ltrim( plain( $line ), " \t*#:;=|" );
		}
	}
	$flush();
	return array_values( array_filter( $paragraphs, static fn ( $p ) => trim( $p ) !== '' ) );
}

function fromText( string $source ): array {
	$paragraphs = preg_split( '/\n\s*\n/', plain( $source ), -1, PREG_SPLIT_NO_EMPTY );
	return array_map( static fn ( $p ) => preg_replace( '/^[ \t*#:;=|]+/m', '', $p ), $paragraphs );
}

/** [title, section, paragraphs] of each source, cut into pieces of a page's length. */
function articles( string $path ): array {
	$name = preg_replace( '/\.gz$/', '', basename( $path ) );
	if ( preg_match( '#^/usr/share/man/(?:([a-z]{2}(?:_[A-Z]{2})?)/)?man(\d)/#', $path, $match ) ) {
		$section = 'Manual section ' . $match[2];
		$page = preg_replace( '/\.([^.]+)$/', ' ($1)', $name );
		$title = $page . ( ( $match[1] ?? '' ) === '' ? '' : ' in ' . $match[1] );
		$paragraphs = fromRoff( textOf( $path ) );
	} else {
		$section = 'Documentation';
		$title = ucfirst( basename( dirname( $path ) ) ) . ' ' . strtolower( $name );
		$paragraphs = fromText( textOf( $path ) );
	}
	$title = trim( preg_replace( '/[\s_#<>\[\]|{}:\/\x00-\x1f]+/u', ' ', $title ) );
	$pieces = [ [] ];
	$length = 0;
	foreach ( $paragraphs as $paragraph ) {
		$paragraph = mb_substr( $paragraph, 0, CHUNK_CHARACTERS );
		if ( $length > CHUNK_CHARACTERS ) {
			$pieces[] = [];
			$length = 0;
		}
		$pieces[count( $pieces ) - 1][] = $paragraph;
		$length += mb_strlen( $paragraph );
	}
	$articles = [];
	foreach ( $pieces as $i => $piece ) {
		if ( array_sum( array_map( 'mb_strlen', $piece ) ) > 200 ) {
			$articles[] = [ $i === 0 ? $title : "$title, part " . ( $i + 1 ), $section, $piece ];
		}
	}
	return $articles;
}

$sources = [];
foreach ( array_filter( [ '/usr/share/man', '/usr/share/doc', '/usr/share/debian-reference' ], 'is_dir' ) as $root ) {
	$all = new RecursiveIteratorIterator( new RecursiveDirectoryIterator( $root, FilesystemIterator::SKIP_DOTS ) );
	foreach ( $all as $path => $entry ) {
		if ( $entry->isFile() && !$entry->isLink() && preg_match( '#/man\d/[^/]+\.\d[a-z]*\.gz$|/(copyright|changelog|NEWS|README|TODO)[^/]*$|\.txt(\.gz)?$#', $path ) ) {
			$sources[] = $path;
		}
	}
}
usort( $sources, static fn ( $a, $b ) => [ draw( $a ), $a ] <=> [ draw( $b ), $b ] );

$chosen = [];
foreach ( $sources as $path ) {
	foreach ( articles( $path ) as $article ) {
		$n = count( $chosen );
		if ( $n >= $pages - 2 ) {
			break 2;
		}
		$title = $n % 12 === 0 ? WIDE[draw( "wide $n" ) % count( WIDE )] . ' ' . $article[0] : ucfirst( $article[0] );
		$title = $n % 3 === 2 && $n < 3 * count( HARD ) ? HARD[intdiv( $n, 3 )] : mb_strcut( $title, 0, 200 );
		$chosen[$title] ??= [ $article[1], $article[2], $path ];
	}
}
if ( count( $chosen ) < $pages - 2 ) {
	fwrite( STDERR, 'The documentation here makes ' . ( count( $chosen ) + 2 ) . " pages, not $pages\n" );
	exit( 1 );
}
$titles = array_keys( $chosen );
$files = file( $filesList, FILE_IGNORE_NEW_LINES | FILE_SKIP_EMPTY_LINES );

function revision( string $text, int $time, string $author, string $comment, string $model = 'wikitext' ): string {
	$contributor = filter_var( $author, FILTER_VALIDATE_IP ) ? "<ip>$author</ip>" : "<username>$author</username>";
	return '<revision><timestamp>' . gmdate( 'Y-m-d\TH:i:s\Z', $time ) . "</timestamp><contributor>$contributor</contributor>"
		. '<comment>' . htmlspecialchars( $comment, ENT_XML1 ) . '</comment><model>' . $model . '</model><format>' . ( $model === 'wikitext' ? 'text/x-wiki' : 'text/plain' ) . '</format>'
		. '<text xml:space="preserve">' . htmlspecialchars( $text, ENT_XML1 ) . '</text></revision>';
}

function page( string $title, array $revisions ): string {
	return '<page><title>' . htmlspecialchars( $title, ENT_XML1 ) . '</title>' . implode( '', $revisions ) . "</page>\n";
}

$handles = [];
for ( $part = 1; $part <= $parts; $part++ ) {
	$handles[] = $handle = fopen( "$out-$part.xml", 'w' );
	fwrite( $handle, '<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" version="0.11" xml:lang="en">' . "\n" );
}
$start = gmmktime( 9, 0, 0, 3, 1, 2012 );
$count = 0;
foreach ( $titles as $n => $title ) {
	[ $section, $paragraphs, $path ] = $chosen[$title];
	$links = [];
	for ( $k = 0; $k < 4; $k++ ) {
		$links[] = '* [[:' . $titles[draw( "link $n $k" ) % count( $titles )] . ']]';
	}
	$foot = "\n\n== See also ==\n" . implode( "\n", $links ) . "\n\n[[Category:$section]]\n{{Source|1=" . plain( $path ) . '}}';
	if ( $files && $n % 20 === 3 ) {
		array_unshift( $paragraphs, '[[File:' . $files[draw( "file $n" ) % count( $files )] . '|frameless|left]]' );
	}
	if ( $n % 3 === 0 || in_array( $title, HARD, true ) ) {
		$paragraphs[] = 'Kept with care ' . WIDE[$n % 10] . WIDE[( $n + 3 ) % 10] . ' since the first edition.';
	}
	$times = 1 + $n % 4 + ( $n % 10 === 0 ? 3 : 0 );
	$revisions = [];
	for ( $r = 1; $r <= $times; $r++ ) {
		$who = draw( "author $n $r" );
		$author = $who % 15 === 0 ? '192.0.2.' . ( 1 + $who % 200 ) : 'Editor' . ( 1 + $who % 20 );
		$kept = array_slice( $paragraphs, 0, max( 1, (int)ceil( count( $paragraphs ) * $r / $times ) ) );
		$text = implode( "\n\n", $kept ) . ( $r === $times ? '' : "\n\nUnfinished, edition $r." ) . $foot;
		$time = $start + (int)( 380000000 * ( $n + ( $r - 1 ) * 7 ) / ( count( $titles ) + 70 ) ) + $r;
		$revisions[] = revision( $text, $time, $author, $r === 1 ? 'Begun from the installed documentation' : "Edition $r ✍️ 𠮷" );
	}
	$count += $times;
	fwrite( $handles[$n % $parts], page( $title, $revisions ) );
}
$index = "Welcome to the harbour library 🚢.\n\n";
foreach ( array_slice( $titles, 0, 120 ) as $title ) {
	$index .= "* [[:$title]]\n";
}
$now = $start + 390000000;
fwrite( $handles[0], page( 'Harbour index', [ revision( $index, $now, 'Editor1', 'The index' ) ] ) );
fwrite( $handles[0], page( 'Template:Source', [ revision( '<small>From {{{1}}}</small>', $start, 'Editor2', 'For the sources' ) ] ) );
foreach ( json_decode( file_get_contents( $own ) ) as $page ) {
	fwrite( $handles[0], page( $page->title, [ revision( $page->text, $start, 'Editor3', 'By hand', $page->model ?? 'wikitext' ) ] ) );
}
foreach ( $handles as $handle ) {
	fwrite( $handle, "</mediawiki>\n" );
	fclose( $handle );
}
echo json_encode( [ 'pages' => count( $titles ) + 2, 'revisions' => $count + 2 ] ), "\n";
