<?php

class SpecialGezeiten extends SpecialPage {
	public function __construct() {
		parent::__construct( 'Gezeiten' );
	}

	public function execute( $subPage ) {
		$this->setHeaders();
		$out = $this->getOutput();
		$out->addModuleStyles( 'ext.gezeiten' );
		$out->addHTML( GezeitenHooks::table( $subPage ?: $this->getConfig()->get( 'GezeitenHafen' ) ) );
	}
}
