import { pathOf } from "../../../../../../scripts/rehearsal/worlds/mediawiki/addresses";
import { differences } from "../../../../../../scripts/rehearsal/worlds/mediawiki/oldSite/prove";
import { makeSecrets } from "../../../../../../scripts/rehearsal/worlds/mediawiki/oldSite/secrets";
import { siteOf, sites } from "../../../../../../scripts/rehearsal/worlds/mediawiki/oldSite/sites/index";
import { maintenanceOf } from "../../../../../../scripts/rehearsal/worlds/mediawiki/oldSite/sites/site";
import { parseOptions } from "../../../../../../scripts/rehearsal/worlds/mediawiki/options";

test("a title becomes the address that MediaWiki itself gives it", () => {
  expect(pathOf("/wiki/$1", "Was ist das?")).toBe("/wiki/Was_ist_das%3F");
  expect(pathOf("/wiki/$1", "A+B=C & D")).toBe("/wiki/A%2BB%3DC_%26_D");
  expect(pathOf("/wiki/$1", "Hilfe:Straße/Ü, 100 %")).toBe("/wiki/Hilfe:Stra%C3%9Fe/%C3%9C,_100_%25");
  expect(pathOf("/wiki/$1", "🚢")).toBe("/wiki/%F0%9F%9A%A2");
});

test("from 1.40 on, run.php starts a maintenance script", () => {
  expect(maintenanceOf(sites.bullseye, "runJobs")).toBe("php /var/www/wiki/w/maintenance/runJobs.php");
  expect(maintenanceOf(sites.trixie, "runJobs")).toBe("php /usr/share/mediawiki/maintenance/run.php runJobs");
});

test("a site that is not what it says is found out", () => {
  const general = {
    generator: "MediaWiki 1.35.13",
    lang: "de",
    script: "/w/index.php",
    articlepath: "/wiki/$1",
    phpversion: "7.4.33",
  };
  expect(differences(sites.bullseye, general, "nginx/1.18.0")).toEqual([]);
  expect(
    differences(sites.bullseye, { ...general, generator: "MediaWiki 1.39.1", lang: "en" }, "Apache/2.4"),
  ).toEqual([
    "MediaWiki is MediaWiki 1.39.1 in place of 1.35",
    "the web server is Apache/2.4 in place of nginx",
    "the language is en in place of de",
  ]);
});

test("secrets are in files of their own where the owner has put them, and no settings are readable to all", () => {
  const secrets = makeSecrets();
  const input = {
    databaseHost: "db",
    database: "wikidb",
    prefix: "mw_",
    serverUrl: "http://127.0.0.1:8080",
    gateNetwork: "172.18.0.0/16",
    secrets,
  };
  const holding = sites.bullseye
    .settings(input)
    .filter(({ content }) => `${content}`.includes(secrets.appPassword));
  expect(holding.map(({ path }) => path)).toEqual(["/var/www/wiki/w/secrets.php"]);
  for (const site of Object.values(sites))
    for (const { path, mode, content } of site.settings(input)) {
      expect([path, mode]).toEqual([path, 0o440]);
      expect(`${content}`).not.toMatch(/undefined|\[object/);
    }
});

test("a rehearsal takes one of the three worlds, bookworm by default", () => {
  expect(parseOptions([]).world).toBe("bookworm");
  expect(parseOptions(["--world", "trixie"]).world).toBe("trixie");
  expect(() => siteOf("buster")).toThrow(/bookworm, bullseye, trixie/);
});
