import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { put, run, sh } from "../../../../common/docker";
import { containerOf, subnetOf } from "./hosts";
import { contentDir, type Progress, type Settled } from "./options";
import type { WorldSecrets } from "./secrets";
import { sites } from "./sites/index";
import { maintenanceOf } from "./sites/site";

const work = "/tmp/world";

/** Creates the database and its accounts, and installs MediaWiki into it. */
export async function installWiki(world: Settled, secrets: WorldSecrets): Promise<void> {
  const db = containerOf(world.name, "db");
  const web = containerOf(world.name, "web");
  const site = sites[world.site];
  await put(db, [
    {
      path: "/root/accounts.sql",
      content: `CREATE DATABASE \`${world.database}\` CHARACTER SET binary;
CREATE USER wikiuser@'%' IDENTIFIED BY '${secrets.appPassword}';
GRANT ALL PRIVILEGES ON \`${world.database.replace(/_/g, "\\_")}\`.* TO wikiuser@'%';
CREATE USER wikiadmin@localhost IDENTIFIED BY '${secrets.adminPassword}';
GRANT ALL PRIVILEGES ON *.* TO wikiadmin@localhost WITH GRANT OPTION;
`,
    },
  ]);
  await sh(db, "mariadb </root/accounts.sql; rm /root/accounts.sql");
  // Only until its restart, once the site is complete: after a crash nothing of a half-finished one would be kept.
  await sh(db, "mariadb -e 'SET GLOBAL innodb_flush_log_at_trx_commit = 0'");

  if (site.prepare) await sh(web, site.prepare);
  await sh(web, `service cron stop >/dev/null; install -d -o www-data -g www-data ${work}`);
  await put(web, [
    { path: `${work}/db-password`, content: secrets.appPassword },
    { path: `${work}/sysop-password`, content: secrets.sysop.password },
  ]);
  const given: [string, string][] = [
    ["dbserver", db],
    ["dbname", world.database],
    ["dbuser", "wikiuser"],
    ["dbpassfile", `${work}/db-password`],
    ["dbprefix", world.prefix],
    ["passfile", `${work}/sysop-password`],
    ["server", world.serverUrl],
    ["lang", site.language],
    ["scriptpath", site.scriptPath],
    ["confpath", site.directories.settings],
    ["extensions", site.extensions],
  ];
  const options = given.map(([option, value]) => `--${option}=${value}`);
  const installer = maintenanceOf(site, "install").split(" ");
  await run(web, [...installer, ...options, site.sitename, secrets.sysop.name]);
  await writeSettings(world, secrets);
}

export async function writeSettings(world: Settled, secrets: WorldSecrets): Promise<void> {
  const { name, database, prefix, serverUrl } = world;
  const gateNetwork = await subnetOf(name);
  const databaseHost = containerOf(name, "db");
  await put(
    containerOf(name, "web"),
    sites[world.site].settings({ databaseHost, database, prefix, serverUrl, gateNetwork, secrets }),
  );
}

/** Accounts, files and pages, by MediaWiki's own maintenance scripts. */
export async function fillWiki(world: Settled, secrets: WorldSecrets, progress: Progress): Promise<void> {
  const web = containerOf(world.name, "web");
  const site = sites[world.site];
  const { mediawiki, settings } = site.directories;
  const env = [`MW_DIRECTORY=${mediawiki}`];
  const asWeb = (script: string) => sh(web, script, { user: "www-data", env });
  const php = (script: string) => maintenanceOf(site, script);
  const accounts = [
    ...secrets.editors.map((editor) => ({ ...editor, groups: ["robot"] })),
    { ...secrets.reader, groups: [] },
  ];
  await put(web, [
    { path: `${work}/accounts.json`, content: JSON.stringify(accounts), uid: 33 },
    { path: `${work}/own-pages.json`, content: JSON.stringify(site.pages), uid: 33 },
    ...readdirSync(contentDir).map((name) => ({
      path: `${work}/${name}`,
      content: readFileSync(join(contentDir, name)),
      mode: 0o644,
    })),
  ]);
  progress("accounts");
  await asWeb(`php ${work}/users.php --conf ${settings}/LocalSettings.php --accounts ${work}/accounts.json`);

  progress(`${world.files} files and ${world.pages} pages`);
  await asWeb(`cd ${work}
    php files.php ${world.files} ${world.seed} ${work}/files
    php dump.php ${world.pages} ${world.seed} ${work}/files/titles.txt 2 ${work}/pages own-pages.json
    cd ${work}/files/first; ${site.moreFiles ?? ":"}`);
  // Links are refreshed once per page at the end: importDump.php would parse each of its revisions.
  const pages = (part: number) =>
    asWeb(`${php("importDump")} --no-updates --username-prefix= ${work}/pages-${part}.xml`);
  const images = (folder: string, more: string) =>
    asWeb(
      `${php("importImages")} --user Editor3 --comment 'From the icon theme' ${more} ${work}/files/${folder}`,
    );
  await Promise.all([
    pages(1),
    pages(2).then(() => undefined),
    images("first", "").then(() => images("again", "--overwrite")),
  ]);
  progress("deletions, links, statistics");
  await asWeb(`${php("deleteBatch")} -u Editor4 -r 'Not needed' ${work}/files/deleted.txt`);
  const half = Math.ceil((world.pages + world.files) / 2);
  // Two chains of equal length on two cores.
  await Promise.all([
    asWeb(`${php("refreshLinks")} -e ${half}
      ${php("rebuildrecentchanges")}
      ${php("initEditCount")}`),
    asWeb(`${php("refreshLinks")} ${half + 1}
      ${php("rebuildtextindex")} >/dev/null
      ${php("initSiteStats")} --update --active`),
  ]);
  await asWeb(`${php("runJobs")} --maxtime 60 >/dev/null`);
  await sh(web, `rm -rf ${work}; service cron start >/dev/null`);
}
