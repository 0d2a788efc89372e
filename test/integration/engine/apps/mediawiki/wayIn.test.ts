import { askOver } from "../../../../../engine/apps/http/http";
import { compareAnswers } from "../../../../../engine/apps/mediawiki/compare";
import { readSettings, sessionPagesQuestion } from "../../../../../engine/apps/mediawiki/settings";
import { wayInFindings } from "../../../../../engine/apps/mediawiki/wayIn";
import { fromContainer, type Way } from "../../../../../engine/apps/mediawiki/ways";
import { Wiki } from "../../../../../engine/apps/mediawiki/wiki";
import type { Finding } from "../../../../../engine/finding";
import { issueCertificate } from "../../../../../engine/movers/mariadb/tls/certificates";
import { sh } from "../../../../../scripts/common/docker";
import { sharedSettings } from "../../../../../scripts/rehearsal/worlds/mediawiki/oldSite/sites/bookworm";
import { ports, TwoWikis } from "../../../../support/twoWikis";
import { until } from "../../../../support/until";

const name = "wiki.example.org";
const world = new TwoWikis();
const nothing = { plainHttp: false, gateAddress: false };
let ca: string;

beforeAll(async () => {
  const certificate = await issueCertificate("the master secret", "blue", [name], new Date());
  ca = certificate.ca;
  await world.open(certificate);
}, 240_000);

afterAll(() => world.close());

afterEach(async () => {
  await world.change("blue", "");
  await world.change("green", "");
});

const wayIn = (change: Parameters<TwoWikis["spec"]>[0] = {}, accepted = nothing) =>
  wayInFindings(world.spec(change), world.way, accepted);

const same = () => {
  const { wiki, blue, green } = world.spec();
  return compareAnswers({ wiki, blue: blue.web, green }, world.way);
};

const amiss = (findings: Finding[]) =>
  findings.filter(({ severity }) => severity !== "pass").map(({ code, severity }) => `${severity} ${code}`);

test("a correct blue passes the gate's checks, by HTTP and by TLS", async () => {
  const found = await wayIn();
  expect(amiss(found)).toEqual([]);
  expect(found.map(({ code }) => code).sort()).toEqual([
    "APP_CLIENT_ADDRESS",
    "APP_PRIVATE",
    "WEB_PLAIN_HTTP",
    "WEB_REDIRECT_LOOP",
  ]);
  expect(amiss(await wayIn({ port: ports.tls, tls: { name, ca } }))).toEqual([]);
});

test("a web server that redirects HTTP to HTTPS, as certbot sets it up, is a loop behind the gate", async () => {
  const found = await wayIn({ port: ports.redirecting, serverUrl: `https://${name}` });
  expect(amiss(found).sort()).toEqual(["block WEB_PLAIN_HTTP", "block WEB_REDIRECT_LOOP"]);
  expect(found.find(({ code }) => code === "WEB_REDIRECT_LOOP")?.found).toContain(
    `blue answers / through the gate's path with a redirect to https://${name}/ again`,
  );
  // The same server under its own name.
  const away = await wayIn({ port: ports.redirecting, serverUrl: "http://old.example.org" });
  expect(amiss(away)).toEqual(["block WEB_REDIRECT_AWAY"]);
});

test("TLS to blue is verified, by the checks of the gate's path and by the engine's own requests", async () => {
  const other = { name: "other.example.org", ca };
  expect(amiss(await wayIn({ port: ports.tls, tls: other }))).toEqual(["block WEB_TLS"]);
  expect(amiss(await wayIn({ port: ports.tls, tls: { name } }))).toEqual(["block WEB_TLS"]);
  expect(amiss(await wayIn({ tls: { name, ca } }))).toEqual(["block WEB_TLS"]);
  const ask = (tls: { name: string; ca?: string }) =>
    new Wiki(
      { host: "127.0.0.1", port: ports.tls, via: world.ssh, tls },
      world.spec().wiki,
      world.pool,
    ).siteInfo();
  expect(await ask({ name, ca })).toMatchObject({ readOnly: false, anonymousRead: true });
  await expect(ask(other)).rejects.toMatchObject({ code: "WEB_TLS" });
  await expect(ask({ name })).rejects.toMatchObject({ code: "WEB_TLS" });
});

test("a port that nobody listens on is named, together with where the request came from", async () => {
  const found = await wayIn({ port: 82 });
  expect(amiss(found)).toEqual(["block WEB_WAY_CLOSED"]);
  expect(found.at(-1)?.found).toMatch(/:82, asked from wikiferry-test-\w+-db, gives no answer \(.*refused\)/);
});

test("a blue that sees the gate's address in place of each client's is refused, unless that is accepted by name", async () => {
  await world.change("blue", "$wgCdnServersNoPurge = [];");
  const found = await wayIn();
  expect(amiss(found)).toEqual(["block APP_CLIENT_ADDRESS"]);
  expect(found.find(({ code }) => code === "APP_CLIENT_ADDRESS")?.found).toMatch(
    /sees the gate's address \(\d+\.\d+\.\d+\.\d+\)/,
  );
  const accepted = await wayIn({}, { plainHttp: false, gateAddress: true });
  expect(amiss(accepted)).toEqual([]);
  expect(accepted.find(({ code }) => code === "APP_CLIENT_ADDRESS")?.found).toContain("accepts that");
});

test("a private wiki counts as answering, and is refused", async () => {
  await world.change("blue", "$wgGroupPermissions['*']['read'] = false;");
  expect(amiss(await wayIn())).toEqual(["block APP_PRIVATE"]);
  expect((await readSettings(world.ssh, "/var/lib/mediawiki", world.pool)).anonymousRead).toBe(false);
  await world.change("blue", "");
  expect(await readSettings(world.ssh, "/var/lib/mediawiki", world.pool)).toMatchObject({
    anonymousRead: true,
    fileBackend: "FSFileBackend",
  });
});

test("two sides that answer anonymous people alike may split the page views", async () => {
  expect(await same()).toMatchObject({ code: "APP_ANSWERS", severity: "pass" });
});

test.each<[title: string, side: "blue" | "green", php: string, shown: RegExp]>([
  [
    "short addresses that green does not serve",
    "blue",
    '$wgArticlePath = "/wiki/$1";',
    /articlepath|\/wiki\//,
  ],
  ["pages that green shows to anybody", "blue", "$wgGroupPermissions['*']['read'] = false;", /readapidenied/],
  ["an extension that green lacks", "blue", "wfLoadExtension( 'Cite' );", /extension Cite/],
  ["another language", "green", '$wgLanguageCode = "en";', /mainpage=.*Main_Page/],
  ["an edit right", "blue", "$wgGroupPermissions['*']['edit'] = false;", /missing/],
])("%s are a difference that is reported by address", async (_title, side, php, shown) => {
  await world.change(side, php);
  const finding = await same();
  expect(finding).toMatchObject({ code: "APP_ANSWERS", severity: "block" });
  expect(finding.found).toMatch(shown);
});

test("the names of the log-in pages are those of blue's language, and MediaWiki's own", async () => {
  const { sessionPages } = await readSettings(world.ssh, "/var/lib/mediawiki", world.pool);
  expect(sessionPages).toEqual(
    expect.arrayContaining([
      "spezial:anmelden",
      "spezial:benutzerkonto_anlegen",
      "special:userlogin",
      "special:login",
    ]),
  );
  const { command, stdin, read } = sessionPagesQuestion("/var/lib/mediawiki");
  expect(read(await (await world.pool.to(world.ssh)).run(command, stdin))).toEqual(sessionPages);
});

describe("green's own image", () => {
  const answers = (host: string) =>
    until(`the web server of ${host}`, async () => (await ask(host, world.way, "/health")).status === 200);
  const ask = (host: string, way: Way, path: string, headers: Record<string, string> = {}) =>
    askOver(
      () => way.connect({ host, port: 8080 }),
      undefined,
      { path, headers: { host: name, ...headers } },
      30_000,
    );

  test("with blue's settings it answers as blue does, and accepts addresses from its gate only", async () => {
    const { name: host } = await world.greenImage("alike", { GATE: world.database }, sharedSettings);
    await world.change("blue", sharedSettings);
    await answers(host);
    const { wiki, blue } = world.spec();
    const finding = await compareAnswers(
      { wiki, blue: blue.web, green: { address: { host, port: 8080 } } },
      world.way,
    );
    expect(finding).toMatchObject({
      severity: "pass",
      found: expect.stringMatching(/^green answers anonymous people as blue does/),
    });

    const seenFrom = async (way: Way, forwarded: string) => {
      const path = "/api.php?action=query&meta=userinfo&format=json&formatversion=2";
      const { body } = await ask(host, way, path, { "x-forwarded-for": forwarded });
      return JSON.parse(body.toString()).query.userinfo.name;
    };
    expect(await seenFrom(world.way, "198.51.100.7")).toBe("198.51.100.7");
    // What a client writes itself comes before what the gate adds.
    expect(await seenFrom(world.way, "198.51.100.7, 10.1.2.3")).toBe("10.1.2.3");
    const elsewhere = fromContainer({ container: world.web.name }, world.pool);
    expect(await seenFrom(elsewhere, "198.51.100.7")).toBe(await world.web.address());
  });

  test("a file that MediaWiki serves can't be reached past it, nor through another script", async () => {
    const closed = "$wgGroupPermissions['*']['read'] = false;";
    const { name: host } = await world.greenImage("closed", { UPLOAD_PATH: "/img_auth.php" }, closed);
    await sh(host, "mkdir -p /srv/uploads/a/ab && echo secret >/srv/uploads/a/ab/X.png");
    await answers(host);
    for (const path of ["/img_auth.php", "/images", "/uploads"]) {
      const { status, body } = await ask(host, world.way, `${path}/a/ab/X.png`);
      expect([path, status >= 400, body.includes("secret")]).toEqual([path, true, false]);
    }
    const refused = await sh(host, "WIKI_UPLOAD_PATH=/w/img_auth.php wikiferry-mediawiki web 2>&1 || true");
    expect(refused).toContain("WIKI_UPLOAD_PATH is '/w/img_auth.php'");
  });
});
