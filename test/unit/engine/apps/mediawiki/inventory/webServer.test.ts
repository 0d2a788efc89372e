import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseApache } from "../../../../../../engine/apps/mediawiki/inventory/apache";
import { parseCaddy } from "../../../../../../engine/apps/mediawiki/inventory/caddy";
import { bestSite, chooseWiki, placesIn } from "../../../../../../engine/apps/mediawiki/inventory/choose";
import {
  directivesOf,
  nginxFiles,
  parseNginx,
} from "../../../../../../engine/apps/mediawiki/inventory/nginx";
import { linesInScope } from "../../../../../../engine/apps/mediawiki/inventory/scope";

const fixture = (name: string) => readFileSync(join(__dirname, "fixtures", name), "utf8");

const apache = (changed: (dump: string) => string = (dump) => dump) =>
  parseApache(
    changed(fixture("apache-dump.txt")),
    "Server version: Apache/2.4.71 (Debian)",
    [
      {
        file: "/etc/apache2/apache2.conf",
        text: 'LogFormat "%h %l" combined\nIncludeOptional mods-enabled/*.load\nIncludeOptional sites-enabled/*.conf\n',
      },
      {
        file: "/etc/apache2/mods-enabled/php8.2.load",
        text: "LoadModule php_module /usr/lib/apache2/modules/libphp8.2.so\n",
      },
      { file: "/etc/apache2/sites-enabled/wiki.conf", text: fixture("apache-wiki.conf") },
      { file: "/etc/apache2/wiki-common.conf", text: fixture("apache-wiki-common.conf") },
    ],
    "export APACHE_RUN_USER=www-data\nexport APACHE_LOG_DIR=/var/log/apache2$SUFFIX\n",
  );

const nginx = () =>
  parseNginx(
    fixture("nginx-dump.txt"),
    "nginx version: nginx/1.22.1\nconfigure arguments: --prefix=/usr/share/nginx --with-http_ssl_module",
  );

describe("Apache", () => {
  test("tells its version, account, modules and PHP", () => {
    expect(apache()).toMatchObject({
      kind: "apache",
      version: "2.4.71",
      mainFile: "/etc/apache2/apache2.conf",
      user: "www-data",
      group: "www-data",
      phpModule: "8.2",
      refused: "",
    });
    expect(apache().modules).toContain("ssl_module");
  });

  test("has each virtual host with its lines, names and what it includes", () => {
    const [plain, tls, ...others] = apache().sites;
    expect(others).toEqual([]);
    expect(plain).toMatchObject({
      name: "wiki.example.org",
      aliases: ["www.wiki.example.org", "*.wiki.example.net"],
      listen: ["*:80"],
      tls: false,
      file: "/etc/apache2/sites-enabled/wiki.conf",
      fromLine: 1,
      toLine: 5,
    });
    expect(tls).toMatchObject({
      listen: ["*:443"],
      tls: true,
      fromLine: 6,
      toLine: 14,
      documentRoot: "/var/www/html",
      roots: ["/var/www/html", "/var/lib/mediawiki", "/var/lib/mediawiki/index.php"],
      environment: { WIKI_DB_PASSWORD: "p4ss-w0rd" },
      accessLogs: [{ path: "/var/log/apache2/wiki.log", format: "%h %l" }],
    });
  });

  test("has several sites of one address, and the default one", () => {
    const { sites } = apache((dump) =>
      dump.replace(
        /^\*:80 .*$/m,
        [
          "*:80                   is a NameVirtualHost",
          "         default server other.example.org (/etc/apache2/sites-enabled/wiki.conf:6)",
          "         port 80 namevhost other.example.org (/etc/apache2/sites-enabled/wiki.conf:6)",
          "         port 80 namevhost wiki.example.org (/etc/apache2/sites-enabled/wiki.conf:1)",
          "                 alias www.wiki.example.org",
          "                 wild alias *.wiki.example.net",
        ].join("\n"),
      ),
    );
    expect(sites.map(({ name, listen, isDefault }) => ({ name, listen, isDefault }))).toEqual([
      { name: "other.example.org", listen: ["*:80", "*:443"], isDefault: true },
      { name: "wiki.example.org", listen: ["*:80"], isDefault: false },
    ]);
  });

  test("what stands in another directory's section does not apply", () => {
    const lines = fixture("apache-wiki-common.conf")
      .split("\n")
      .map((text, at) => ({ file: "f", line: at + 1, text }));
    const kept = linesInScope(lines, "/var/lib/mediawiki", ["php_module"], {}).map(({ text }) => text.trim());
    expect(kept).toContain("php_value memory_limit 256M");
    expect(kept).not.toContain("php_admin_flag engine Off");
    const guarded = [
      "<IfModule !mod_php8.c>",
      "SetHandler a",
      "</IfModule>",
      "<IfModule proxy_fcgi_module>",
      "SetHandler b",
      "</IfModule>",
    ];
    const left = linesInScope(
      guarded.map((text, at) => ({ file: "f", line: at, text })),
      "",
      ["php_module", "proxy_fcgi_module"],
      {},
    );
    expect(left.map(({ text }) => text)).toEqual(["SetHandler b"]);
  });

  test("a configuration that it refuses is told in its own words", () => {
    const refused = apache(
      () => "AH00526: Syntax error on line 3 of /etc/apache2/sites-enabled/wiki.conf:\nInvalid command 'Foo'",
    );
    expect(refused.refused).toContain("line 3 of /etc/apache2/sites-enabled/wiki.conf");
  });
});

describe("nginx", () => {
  test("has each server with its lines, root, FastCGI and log", () => {
    expect(nginx()).toMatchObject({
      kind: "nginx",
      version: "1.22.1",
      user: "www-data",
      modules: ["http_ssl_module"],
    });
    expect(nginx().sites).toMatchObject([
      {
        name: "wiki.example.org",
        aliases: ["www.wiki.example.org"],
        listen: ["80", "[::]:80"],
        tls: false,
        documentRoot: "/var/www/wiki",
        file: "/etc/nginx/sites-enabled/wiki",
        fromLine: 1,
        toLine: 16,
        fastCgi: ["/run/php/php8.2-fpm.sock"],
        environment: { WIKI_DB_PASSWORD: "p4ss-w0rd" },
        accessLogs: [{ path: "/var/log/nginx/wiki.log", format: "combined" }],
      },
    ]);
  });

  test("each file's text is as on the host, line by line", () => {
    const files = nginxFiles(fixture("nginx-dump.txt"));
    expect(files.map(({ file }) => file)).toContain("/etc/nginx/snippets/wiki-php.conf");
    const site = files.find(({ file }) => file === "/etc/nginx/sites-enabled/wiki");
    expect(site?.text.split("\n")[2]).toBe("\tlisten [::]:80;");
  });

  test("quotes, escapes, comments and variables in braces are read by its rules", () => {
    const text = `a "x;y" 'z}' \${v}w \\;; # no; }\nb {\n c 1;\n}`;
    expect(directivesOf([{ file: "/f", text }], "/f")).toMatchObject([
      { name: "a", args: ["x;y", "z}", "$" + "{v}w", "\\;"], line: 1 },
      { name: "b", line: 2, endLine: 4, block: [{ name: "c", args: ["1"], line: 3 }] },
    ]);
  });
});

test("Caddy's sites are those of its Caddyfile", () => {
  const text =
    "{\n\temail a@example.org\n}\nwiki.example.org, www.example.org {\n\troot * /var/www/wiki/\n\tphp_fastcgi unix//run/php/php8.2-fpm.sock\n\thandle /x {\n\t}\n}\n";
  expect(parseCaddy({ file: "/etc/caddy/Caddyfile", text }, "v2.6.2").sites).toMatchObject([
    {
      name: "wiki.example.org",
      aliases: ["www.example.org"],
      tls: true,
      documentRoot: "/var/www/wiki",
      fastCgi: ["/run/php/php8.2-fpm.sock"],
      fromLine: 4,
      toLine: 9,
    },
  ]);
});

describe("the wiki that is meant", () => {
  const wiki = "/var/lib/mediawiki\t/usr/share/mediawiki\t1.39.17\t/etc/mediawiki/LocalSettings.php";
  const same = "/usr/share/mediawiki\t/usr/share/mediawiki\t1.39.17\t/etc/mediawiki/LocalSettings.php";
  const other = "/srv/old\t/srv/old\t1.35.0\t/srv/old/LocalSettings.php";
  const bare = "/opt/new\t/opt/new\t1.43.0\t";
  const choose = (lines: string[], wanted = "") =>
    chooseWiki(placesIn(lines.join("\n")), [apache()], wanted, "web.example.org").directory;

  test("is the only one that a site serves, by whatever name it has", () => {
    expect(choose([wiki, same, other, bare])).toBe("/var/lib/mediawiki");
    expect(choose([other, bare])).toBe("/srv/old");
    expect(choose([wiki, other], "/srv/old")).toBe("/srv/old");
  });

  test.each<[string, string[], string, string, RegExp]>([
    ["none there", [], "", "INVENTORY_NO_WIKI", /no MediaWiki was found on web\.example\.org/],
    ["none with settings", [bare], "", "INVENTORY_NO_WIKI", /LocalSettings\.php: \/opt\/new \(1\.43\.0\)/],
    ["another directory", [wiki], "/nope", "INVENTORY_NO_WIKI", /\/nope/],
    [
      "two that nothing serves",
      [other, other.replaceAll("old", "older")],
      "",
      "INVENTORY_SEVERAL_WIKIS",
      /\/srv\/old \(1\.35\.0\), \/srv\/older/,
    ],
  ])("%s is told with its candidates", (_title, lines, wanted, code, found) => {
    expect(() => choose(lines, wanted)).toThrow(
      expect.objectContaining({ code, found: expect.stringMatching(found) }),
    );
  });

  test("its site is the one of the wiki's address", () => {
    const { sites } = apache();
    expect(bestSite(sites, "https://wiki.example.org")?.tls).toBe(true);
    expect(bestSite(sites, "http://wiki.example.org")?.tls).toBe(false);
  });
});
