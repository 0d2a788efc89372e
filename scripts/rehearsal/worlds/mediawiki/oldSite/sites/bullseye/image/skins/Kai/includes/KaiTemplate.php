<?php

class KaiTemplate extends BaseTemplate {
	public function execute() {
		$this->html( 'headelement' );
		?>
<div id="kai">
	<header><a href="<?php echo htmlspecialchars( $this->data['nav_urls']['mainpage']['href'] ) ?>"><?php $this->text( 'sitename' ) ?></a></header>
	<main id="content">
		<h1 id="firstHeading"><?php $this->html( 'title' ) ?></h1>
		<?php $this->html( 'bodytext' ) ?>
		<?php $this->html( 'catlinks' ) ?>
	</main>
	<nav><?php
		foreach ( $this->data['content_actions'] as $key => $tab ) {
			echo $this->makeListItem( $key, $tab );
		}
		foreach ( $this->getPersonalTools() as $key => $item ) {
			echo $this->makeListItem( $key, $item );
		}
	?></nav>
</div>
<?php $this->printTrail(); ?>
</body></html>
<?php
	}
}
