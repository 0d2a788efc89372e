<?php
# Loaded by require_once, as extensions were before MediaWiki 1.25.
if ( !defined( 'MEDIAWIKI' ) ) {
	die( 'Not an entry point.' );
}

$wgExtensionCredits['parserhook'][] = [
	'path' => __FILE__,
	'name' => 'Faehrplan',
	'author' => 'Hafenmeisterei',
	'version' => '0.3',
	'description' => 'Der Fahrplan der Fähre',
];
$wgHooks['ParserFirstCallInit'][] = 'efFaehrplanSetup';

function efFaehrplanSetup( $parser ) {
	$parser->setHook( 'faehrplan', 'efFaehrplanRender' );
	return true;
}

function efFaehrplanRender( $input, array $args ) {
	$times = file( dirname( __FILE__ ) . '/zeiten.txt', FILE_IGNORE_NEW_LINES );
	return '<ol class="faehrplan"><li>' . implode( '</li><li>', array_map( 'htmlspecialchars', $times ) ) . '</li></ol>';
}
