<?php
// Makes MediaWiki 1.39 ask its primary for @@GLOBAL.read_only once per request, instead of remembering the answer
// across requests. To be included from LocalSettings.php, on both sides of a move.
//
// LoadBalancer.php keeps the answer twice: isPrimaryConnectionReadOnly() in the server's cache (APCu) for
// TTL_PROC_SHORT = 3 s, and isPrimaryRunningReadOnly() in the WAN cache for TTL_CACHE_READONLY = 5 s, both under
// "rdbms-server-readonly". With a single database server every connection, a page view's too, goes through the first
// and fills it; siteinfo, API writes, edits and the job runner ask through the second. So any request served just
// before a flip could make the side that opens refuse edits for up to 5 s. Here the load balancer is given caches
// that live as long as the request. It uses them for nothing else where there is one database server; the cost is one
// "SELECT @@GLOBAL.read_only" per request.
$wgHooks['MediaWikiServices'][] = static function ( MediaWiki\MediaWikiServices $services ) {
	$services->redefineService(
		'DBLoadBalancerFactoryConfigBuilder',
		static function ( MediaWiki\MediaWikiServices $services ) {
			try {
				$positions = ObjectCache::getLocalClusterInstance();
			} catch ( Wikimedia\Services\RecursiveServiceDependencyException $e ) {
				// As in ServiceWiring.php (T141804): the cache itself is in the database.
				$positions = new EmptyBagOStuff();
			}
			return new MWLBFactory(
				new MediaWiki\Config\ServiceOptions(
					MWLBFactory::APPLY_DEFAULT_CONFIG_OPTIONS,
					$services->getMainConfig()
				),
				$services->getConfiguredReadOnlyMode(),
				$positions,
				new HashBagOStuff( [ 'maxKeys' => 100 ] ),
				new WANObjectCache( [ 'cache' => new HashBagOStuff( [ 'maxKeys' => 100 ] ) ] ),
				$services->getCriticalSectionProvider(),
				$services->getStatsdDataFactory(),
				$services->getDatabaseFactory()
			);
		}
	);
};
