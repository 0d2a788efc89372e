import type { Inventory } from "../inventory/types";
import { apacheModules, apacheSite } from "./apacheSite";
import { nginxSite } from "./nginxSite";
import { phpIni } from "./phpIni";
import type { GreenSite, NotCarried } from "./types";

/** What green's web tier is made of, as read from blue. Plain JSON without secrets. */
export interface WebTierPlan {
  /** Where MediaWiki's code lies. */
  directory: string;
  /** The settings file that MediaWiki reads. */
  settingsFile: string;
  /** The upload directory without symbolic links: the uploads' volume is mounted there. */
  uploads: string;
  /** `X.Y` of blue's PHP. */
  php: string;
  server: GreenSite["server"];
  runs: GreenSite["php"];
  /** Modules of PHP, as `php -m` names them in lower case. */
  modules: string[];
  /** Debian's packages with the programs that settings name. */
  packages: string[];
  /** Files for `/etc/wikiferry/site`, by name. */
  site: Record<string, string>;
  /** What is carried: see `Wanted` of the mover. */
  code: { directories: string[]; files: string[]; leaveOut: string[] };
  notCarried: NotCarried[];
}

/** Debian's packages by the programs that settings name. */
const packagesOf: Record<string, string[]> = {
  imagemagick: ["imagemagick", "ghostscript"],
  convert: ["imagemagick", "ghostscript"],
  rsvg: ["librsvg2-bin"],
  inkscape: ["inkscape"],
  ghostscript: ["ghostscript"],
  gs: ["ghostscript"],
  poppler: ["poppler-utils"],
  pdfinfo: ["poppler-utils"],
  pdftotext: ["poppler-utils"],
  ffmpeg: ["ffmpeg"],
  lua: ["lua5.1"],
  pygments: ["python3-pygments"],
  python3: ["python3"],
  djvulibre: ["djvulibre-bin"],
  ddjvu: ["djvulibre-bin"],
  diff3: ["diffutils"],
  diff: ["diffutils"],
  exiv2: ["exiv2"],
  exiftool: ["libimage-exiftool-perl"],
  jpegtran: ["libjpeg-turbo-progs"],
  tidy: ["tidy"],
  latex: ["texlive-latex-base"],
};

/** What every green has: MediaWiki uses these programs where it finds them. */
const always = ["imagemagick", "librsvg2-bin"];

/** What of the inventory decides about green's web tier. */
export interface WebTierFacts {
  mediawiki: Pick<Inventory["mediawiki"], "directory" | "realDirectory" | "settingsFile" | "settings">;
  php: Pick<Inventory["php"], "version" | "sapi" | "modules" | "limits">;
  webServer: Pick<
    Inventory["webServer"],
    "kind" | "mainFile" | "modules" | "variables" | "documentRoot" | "sites" | "site" | "configuration"
  >;
  uploads: Pick<Inventory["uploads"], "directory" | "realDirectory">;
  includedFiles: Pick<Inventory["includedFiles"][number], "path">[];
  programs: Pick<Inventory["programs"][number], "name" | "used">[];
}

/** Makes green's web tier from what blue has. Pure. */
export function planWebTier(facts: WebTierFacts): WebTierPlan {
  const { mediawiki, php, webServer, uploads, includedFiles, programs } = facts;
  const runs = php.sapi === "apache2handler" ? "module" : "fpm";
  const site = webServer.kind === "nginx" ? nginxSite(webServer) : apacheSite(webServer, runs);
  const text = (name: string) => {
    const value = mediawiki.settings[name];
    return typeof value === "string" && value.startsWith("/") ? [value] : [];
  };
  return {
    directory: mediawiki.directory,
    settingsFile: mediawiki.settingsFile,
    uploads: uploads.realDirectory || uploads.directory,
    php: php.version.split(".").slice(0, 2).join("."),
    server: site.server,
    runs: site.php,
    modules: [...new Set(php.modules.map((name) => name.toLowerCase()))].sort(),
    packages: [
      ...new Set([
        ...always,
        ...programs.filter(({ used }) => used).flatMap(({ name }) => packagesOf[name] ?? []),
      ]),
    ].sort(),
    site: {
      server: `${site.server} ${site.php}\n`,
      ...(site.server === "apache"
        ? { "httpd-site.conf": site.text, "httpd-modules.conf": modulesText(webServer.modules) }
        : { "nginx-site.conf": site.text }),
      "php/50-blue.ini": phpIni(php.limits),
    },
    code: {
      directories: [
        ...new Set([mediawiki.directory, mediawiki.realDirectory, webServer.documentRoot].filter(Boolean)),
      ],
      files: [...new Set([mediawiki.settingsFile, ...includedFiles.map(({ path }) => path), ...site.files])],
      leaveOut: [
        ...new Set([
          uploads.directory,
          uploads.realDirectory,
          ...["wgCacheDirectory", "wgFileCacheDirectory", "wgTmpDirectory"].flatMap(text),
        ]),
      ].filter(Boolean),
    },
    notCarried: site.notCarried,
  };
}

function modulesText(blue: readonly string[]): string {
  const lines = apacheModules(blue).flatMap((name) => [
    `<IfModule !${name}>`,
    `  LoadModule ${name} /usr/lib/apache2/modules/mod_${name.replace(/_module$/, "")}.so`,
    "</IfModule>",
  ]);
  return `${lines.join("\n")}\n`;
}
