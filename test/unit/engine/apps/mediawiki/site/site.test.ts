import { branchOf, isTooOld } from "../../../../../../engine/apps/mediawiki/branches";
import { apacheModules, apacheSite } from "../../../../../../engine/apps/mediawiki/site/apacheSite";
import { parseApache } from "../../../../../../engine/apps/mediawiki/site/apacheSyntax";
import { nginxSite } from "../../../../../../engine/apps/mediawiki/site/nginxSite";
import { phpIni } from "../../../../../../engine/apps/mediawiki/site/phpIni";

const oneSite = (file: string, fromLine: number, toLine: number, tls = false) => ({
  sites: [
    {
      name: "wiki.example.org",
      aliases: [],
      listen: ["*:80"],
      tls,
      isDefault: true,
      documentRoot: "/srv/www",
      file,
      fromLine,
      toLine,
    },
  ],
  site: 0,
});

const apache = (main: string, vhost: string, more: { file: string; text: string }[] = [], tls = false) => ({
  mainFile: "/etc/apache2/apache2.conf",
  modules: ["core_module", "rewrite_module", "alias_module", "php_module", "headers_module"],
  variables: { APACHE_LOG_DIR: "/var/log/apache2", WIKI: "/srv/wiki" },
  configuration: [
    { file: "/etc/apache2/apache2.conf", text: main },
    { file: "/etc/apache2/sites-enabled/wiki.conf", text: vhost },
    ...more,
  ],
  ...oneSite("/etc/apache2/sites-enabled/wiki.conf", 1, 25, tls),
});

test("Apache's syntax: continued lines, quotes, nested sections, line numbers", () => {
  const [alias, section] = parseApache(
    "f",
    'Alias /a \\\n  "/srv/a b"\n# no\n<Directory "/srv/a b">\n  Require all granted\n</Directory>\n',
  );
  expect(alias).toMatchObject({ name: "Alias", args: ["/a", "/srv/a b"], line: 1 });
  expect(section).toMatchObject({ name: "Directory", line: 4, children: [{ name: "Require", line: 5 }] });
});

test("Apache: what an address means goes over; listening, TLS, logs, accounts and PHP's handler are green's", () => {
  const site = apacheSite(
    apache(
      "Listen 443\nUser apache\nErrorLog error.log\nIncludeOptional sites-enabled/*.conf\nIncludeOptional conf.d/*.conf\n",
      `<VirtualHost *:443>
ServerName wiki.example.org
DocumentRoot /srv/www
SSLEngine on
SSLCertificateFile /etc/ssl/x.pem
Alias /w \${WIKI}
RewriteEngine On
RewriteCond %{HTTPS} off
RewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]
RewriteRule ^/wiki(/.*)?$ /w/index.php [L]
<IfModule mod_headers.c>
Header set X-Frame-Options DENY
</IfModule>
<IfModule mod_security2.c>
SecRuleEngine On
</IfModule>
<FilesMatch "\\.php$">
SetHandler application/x-httpd-php
</FilesMatch>
<Directory /srv/wiki/private>
AuthUserFile /etc/apache2/passwords
Require valid-user
</Directory>
ProxyPass /parsoid http://127.0.0.1:8142/
</VirtualHost>
<VirtualHost *:443>
ServerName blog.example.org
</VirtualHost>`,
      [],
      true,
    ),
    "module",
  );
  expect(site.text).toBe(`<VirtualHost *:8080>
  RewriteEngine On
  RewriteRule ^/health$ /srv/health/health.txt [END]
  ServerName https://wiki.example.org:443
  DocumentRoot /srv/www
  Alias /w /srv/wiki
  RewriteEngine On
  RewriteCond %{ENV:WF_HTTPS} off
  RewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]
  RewriteRule ^/wiki(/.*)?$ /w/index.php [L]
  Header set X-Frame-Options DENY
  <Directory /srv/wiki/private>
    AuthUserFile /etc/apache2/passwords
    Require valid-user
  </Directory>
</VirtualHost>
`);
  expect(site.files).toEqual(["/etc/apache2/passwords"]);
  expect(site.notCarried).toEqual([
    {
      file: "/etc/apache2/sites-enabled/wiki.conf",
      line: 24,
      directive: "ProxyPass /parsoid http://127.0.0.1:8142/",
      why: "it hands requests to another server, which does not move",
    },
  ]);
});

test("Apache: a file that includes itself ends, and one that is included in the site stays in it", () => {
  const site = apacheSite(
    apache(
      "Include sites-enabled/wiki.conf\nInclude apache2.conf\n",
      "<VirtualHost *:80>\nInclude conf/wiki.inc\n</VirtualHost>\n",
      [{ file: "/etc/apache2/conf/wiki.inc", text: "RewriteEngine On\nRewriteRule ^/(.*)$ /index.php/$1\n" }],
    ),
    "module",
  );
  expect(site.text).toContain("  RewriteRule ^/(.*)$ /index.php/$1\n</VirtualHost>");
});

test("Apache: the modules that blue has and green needs", () => {
  expect(apacheModules(["ssl_module", "expires_module", "proxy_module", "mpm_event_module"])).toEqual(
    expect.arrayContaining(["expires_module", "rewrite_module", "authz_core_module"]),
  );
  expect(apacheModules(["ssl_module"])).not.toContain("ssl_module");
  expect(apacheModules(["ssl_module"])).not.toContain("expires_module");
});

test("nginx: short addresses by try_files and rewrite go over, with green's socket and the client's scheme", () => {
  const main = `user www-data;
http {
  include mime.types;
  gzip on;
  access_log /var/log/nginx/access.log;
  upstream php { server unix:/run/php/php7.4-fpm.sock; }
  limit_req_zone $binary_remote_addr zone=one:10m rate=1r/s;
  include sites-enabled/*;
}`;
  const server = `server {
  listen 443 ssl http2;
  server_name wiki.example.org;
  root /var/www/wiki;
  ssl_certificate /etc/x.pem;
  client_max_body_size 512m;
  location / { try_files $uri $uri/ @rewrite; }
  location @rewrite { rewrite ^/wiki/(.*)$ /w/index.php?title=$1&$args; }
  location ~ \\.php$ {
    include fastcgi_params;
    fastcgi_pass php;
  }
  location ~ "^/(a{2,3}|b)/" { deny all; }
  location /parsoid/ { proxy_pass http://127.0.0.1:8142; }
  if ($scheme = http) { return 301 https://$host$request_uri; }
  auth_basic_user_file /etc/nginx/passwords;
}`;
  const site = nginxSite({
    mainFile: "/etc/nginx/nginx.conf",
    configuration: [
      { file: "/etc/nginx/nginx.conf", text: main },
      { file: "/etc/nginx/mime.types", text: "types {\n  text/html html htm;\n}\n" },
      { file: "/etc/nginx/sites-enabled/wiki", text: server },
      {
        file: "/etc/nginx/fastcgi_params",
        text: 'fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;\nfastcgi_param HTTPS $https if_not_empty;\nfastcgi_param REDIRECT_STATUS "200";\n',
      },
    ],
    ...oneSite("/etc/nginx/sites-enabled/wiki", 1, 20, true),
  });
  expect(site.text).toBe(`types {
  text/html html htm;
}
gzip on;
server {
  listen 8080 default_server;
  location = /health { access_log off; alias /srv/health/health.txt; default_type text/plain; }
  server_name wiki.example.org;
  root /var/www/wiki;
  client_max_body_size 512m;
  location / {
    try_files $uri $uri/ @rewrite;
  }
  location @rewrite {
    rewrite ^/wiki/(.*)$ /w/index.php?title=$1&$args;
  }
  location ~ \\.php$ {
    fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
    fastcgi_param HTTPS $wf_https if_not_empty;
    fastcgi_param REDIRECT_STATUS "200";
    fastcgi_pass unix:/tmp/wikiferry/fpm.sock;
  }
  location ~ "^/(a{2,3}|b)/" {
    deny all;
  }
  location /parsoid/ {
  }
  if ($wf_scheme = http) {
    return 301 https://$host$request_uri;
  }
  auth_basic_user_file /etc/nginx/passwords;
}
`);
  expect(site.notCarried.map(({ line, directive }) => `${line} ${directive}`)).toEqual([
    "7 limit_req_zone $binary_remote_addr zone=one:10m rate=1r/s",
    "14 proxy_pass http://127.0.0.1:8142",
  ]);
  expect(site.files).toEqual(["/etc/nginx/passwords"]);
});

test("php.ini: limits go over, places and what green decides do not", () => {
  expect(
    phpIni({
      memory_limit: "512M",
      "date.timezone": "Europe/Berlin",
      error_log: "/var/log/php.log",
      "session.save_path": "/var/lib/php/sessions",
      upload_max_filesize: "512M",
      "mail.add_x_header": "On",
      short_open_tag: "",
    }),
  ).toBe(`; From blue's php.ini.
date.timezone = "Europe/Berlin"
mail.add_x_header = On
memory_limit = 512M
short_open_tag = ""
upload_max_filesize = 512M
`);
});

test("branches: maintenance is started by run.php from 1.40 on; an unknown one has the safest values", () => {
  expect(branchOf("1.39.17")).toMatchObject({ name: "1.39", runScript: false, known: true });
  expect(branchOf("1.43.9")).toMatchObject({ runScript: true, readOnlyRememberedMs: 5_000, known: true });
  const longest = Math.max(
    ...[35, 39, 40, 43, 46].map((minor) => branchOf(`1.${minor}.0`).readOnlyRememberedMs),
  );
  expect(branchOf("1.99.0")).toMatchObject({ known: false, runScript: true, readOnlyRememberedMs: longest });
  expect(isTooOld("1.34.4")).toBe(true);
  expect(isTooOld("1.35.0")).toBe(false);
});
