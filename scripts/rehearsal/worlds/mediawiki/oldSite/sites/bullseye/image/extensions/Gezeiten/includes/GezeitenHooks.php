<?php

/** <gezeiten hafen="Cuxhaven" />: the tide table of a harbour. */
class GezeitenHooks {
	public static function onParserFirstCallInit( Parser $parser ) {
		$parser->setHook( 'gezeiten', [ self::class, 'render' ] );
	}

	public static function render( $input, array $args, Parser $parser, PPFrame $frame ) {
		global $wgGezeitenHafen;
		$parser->getOutput()->addModuleStyles( 'ext.gezeiten' );
		return self::table( $args['hafen'] ?? $wgGezeitenHafen );
	}

	/** Always the same hours: a table that changed with the clock could not be compared. */
	public static function table( string $hafen ): string {
		$rows = '';
		foreach ( [ '04:12', '10:31', '16:40', '22:58' ] as $n => $hour ) {
			$kind = wfMessage( $n % 2 ? 'gezeiten-low' : 'gezeiten-high' )->inContentLanguage()->text();
			$rows .= Html::rawElement( 'tr', [], Html::element( 'td', [], $hour ) . Html::element( 'td', [], $kind ) );
		}
		return Html::rawElement(
			'table',
			[ 'class' => 'gezeiten' ],
			Html::element( 'caption', [], $hafen ) . $rows
		);
	}
}
