<?php
// files.php FILES SEED OUT: puts FILES icons from /usr/share/icons into OUT/first, newer versions of some of them into
// OUT/again, the names of those to be deleted into OUT/deleted.txt, and all other titles into OUT/titles.txt.
[ , $count, $seed, $out ] = $argv;
$count = (int)$count;

function draw( string $what ): string {
	global $seed;
	return hash( 'sha256', "$seed\0$what" );
}

$icons = [];
$seen = [];
$all = new RecursiveIteratorIterator( new RecursiveDirectoryIterator( '/usr/share/icons', FilesystemIterator::SKIP_DOTS ) );
foreach ( $all as $path => $entry ) {
	if ( $entry->isFile() && !$entry->isLink() && preg_match( '/\.(png|svg)$/', $path ) ) {
		$icons[] = $path;
	}
}
usort( $icons, static fn ( $a, $b ) => strcmp( draw( $a ), draw( $b ) ) );

/** Names as people give them; Windows can't hold some, and a shell trips over others. */
function title( int $n, string $path ): string {
	$kind = pathinfo( $path, PATHINFO_EXTENSION );
	$size = basename( dirname( $path, 2 ) );
	$name = ucfirst( basename( $path, ".$kind" ) ) . "-$size";
	$odd = [
		"-$name leading dash",
		"Two words $name",
		"It's \"quoted\" $name",
		"🚢 $name",
		"Größe \$HOME `x` $name",
		"𠮷野家 $name",
		"--delete $name; rm, 100%",
		"Ends (1) & 'more'! $name",
	];
	return ( $n % 5 === 0 ? $odd[intdiv( $n, 5 ) % count( $odd )] : $name ) . " $n.$kind";
}

foreach ( [ 'first', 'again' ] as $folder ) {
	mkdir( "$out/$folder", 0755, true );
}
$titles = [];
$deleted = [];
$n = 0;
$spare = [];
foreach ( $icons as $path ) {
	$bytes = file_get_contents( $path );
	// The same picture twice would be refused by --skip-dupes, and would prove nothing when compared by its hash.
	if ( isset( $seen[sha1( $bytes )] ) ) {
		continue;
	}
	$seen[sha1( $bytes )] = true;
	if ( $n === $count ) {
		$spare[] = $path;
		if ( count( $spare ) === max( 400, $count ) ) {
			break;
		}
		continue;
	}
	$title = title( $n, $path );
	copy( $path, "$out/first/$title" );
	if ( $n % 30 === 7 ) {
		$deleted[] = "File:$title";
	} else {
		$titles[] = $title;
	}
	$n++;
}
if ( $n < $count ) {
	fwrite( STDERR, "The icons here make $n files, not $count\n" );
	exit( 1 );
}
foreach ( $titles as $i => $title ) {
	if ( $i % 10 !== 0 ) {
		continue;
	}
	foreach ( $spare as $k => $path ) {
		if ( pathinfo( $path, PATHINFO_EXTENSION ) === pathinfo( $title, PATHINFO_EXTENSION ) ) {
			copy( $path, "$out/again/$title" );
			unset( $spare[$k] );
			break;
		}
	}
}
file_put_contents( "$out/titles.txt", implode( "\n", $titles ) . "\n" );
file_put_contents( "$out/deleted.txt", implode( "\n", $deleted ) . "\n" );
echo json_encode( [ 'files' => $count, 'deleted' => count( $deleted ) ] ), "\n";
