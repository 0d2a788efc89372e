<?php

class SkinKai extends SkinTemplate {
	public $skinname = 'kai';
	public $stylename = 'Kai';
	public $template = 'KaiTemplate';

	public function initPage( OutputPage $out ) {
		parent::initPage( $out );
		$out->addModuleStyles( 'skins.kai.styles' );
	}
}
