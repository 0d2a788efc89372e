<?php
// users.php --accounts FILE: makes the accounts of a JSON list of {name, password, groups}. MW_DIRECTORY is MediaWiki's.
require_once getenv( 'MW_DIRECTORY' ) . '/maintenance/Maintenance.php';

use MediaWiki\Auth\AuthManager;
use MediaWiki\MediaWikiServices;

class MakeUsers extends Maintenance {
	public function __construct() {
		parent::__construct();
		$this->addOption( 'accounts', 'JSON list of {name, password, groups}', true, true );
	}

	public function execute() {
		$services = MediaWikiServices::getInstance();
		foreach ( json_decode( file_get_contents( $this->getOption( 'accounts' ) ) ) as $account ) {
			$user = $services->getUserFactory()->newFromName( $account->name, 'creatable' );
			$made = $services->getAuthManager()->autoCreateUser( $user, AuthManager::AUTOCREATE_SOURCE_MAINT, false );
			if ( !$made->isGood() ) {
				$this->fatalError( $made->getMessage( false, false, 'en' )->text() );
			}
			$status = $user->changeAuthenticationData( [
				'username' => $user->getName(),
				'password' => $account->password,
				'retype' => $account->password,
			] );
			if ( !$status->isGood() ) {
				$this->fatalError( $status->getMessage( false, false, 'en' )->text() );
			}
			foreach ( $account->groups as $group ) {
				$services->getUserGroupManager()->addUserToGroup( $user, $group );
			}
			$user->saveSettings();
		}
	}
}

$maintClass = MakeUsers::class;
require_once RUN_MAINTENANCE_IF_MAIN;
