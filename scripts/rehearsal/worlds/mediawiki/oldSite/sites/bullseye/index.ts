import type { Site } from "../site";
import { settingsOf } from "./settings";

/**
 * MediaWiki 1.35 laid out as its tarball is, in /var/www/wiki/w, on nginx with PHP-FPM 7.4, with short addresses. German,
 * private, with an extension, a skin and settings of the owner's own.
 */
export const bullseye: Site = {
  suite: "bullseye",
  mediawiki: "1.35",
  php: "7.4",
  webServer: "nginx",
  sitename: "Hafenwiki",
  metaNamespace: "Hafen",
  language: "de",
  mainPage: "Hauptseite",
  scriptPath: "/w",
  articlePath: "/wiki/$1",
  uploadPath: "/w/img_auth.php",
  private: true,
  prefix: "mw_",
  directories: {
    mediawiki: "/var/www/wiki/w",
    settings: "/var/www/wiki/w",
    uploads: "/var/www/wiki/w/images",
  },
  extensions: "Cite,CategoryTree,InputBox,ParserFunctions,WikiEditor",
  settings: settingsOf,
  // The disk of the uploads was full once.
  prepare:
    "install -d -o www-data -g www-data /srv/thumbs; [ -L /var/www/wiki/w/images/thumb ] || ln -s /srv/thumbs /var/www/wiki/w/images/thumb",
  pages: [
    {
      title: "Gezeiten in Cuxhaven",
      text: 'Hochwasser und Niedrigwasser:\n<gezeiten hafen="Cuxhaven" />',
      shows: "<caption>Cuxhaven</caption>",
    },
    {
      title: "Fahrplan der Fähre",
      text: "<faehrplan />\n[[Kategorie:Verkehr]]",
      shows: "<li>06:15 Wischhafen – Glückstadt</li>",
    },
    {
      title: "Portal:Elbe",
      text: "Alles über die Elbe. [[Gezeiten in Cuxhaven]]",
      shows: '"wgNamespaceNumber":3000',
    },
    { title: "Portal Diskussion:Elbe", text: "Fehlt hier die Weser?" },
    { title: "Kategorie:Verkehr", text: "Schiffe, Bahnen, Busse" },
    { title: "Fähre", text: "#WEITERLEITUNG [[Fahrplan der Fähre]]" },
    { title: "Hafen:Über uns", text: "Die Hafenmeisterei" },
    { title: "Hilfe:Erste Schritte", text: "== Anmelden ==\nNur mit Konto.\n\n== Schreiben ==\nAb jetzt." },
  ],
  addresses: [
    "/",
    "/robots.txt",
    "/favicon.ico",
    "/logo.png",
    "/google1234.html",
    "/mediawiki/Hauptseite",
    "/w/images/README",
    "/w/extensions/Gezeiten/resources/anchor.svg",
    "/w/COPYING",
    "/no-such-file",
  ],
};
