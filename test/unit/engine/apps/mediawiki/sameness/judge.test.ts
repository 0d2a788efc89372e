import { compareAddresses } from "../../../../../../engine/apps/mediawiki/sameness/compare";
import { judge } from "../../../../../../engine/apps/mediawiki/sameness/judge";
import { natural, normalize } from "../../../../../../engine/apps/mediawiki/sameness/natural";
import { comparePhp } from "../../../../../../engine/apps/mediawiki/sameness/php";
import { conclude } from "../../../../../../engine/apps/mediawiki/sameness/result";
import { compareSettings } from "../../../../../../engine/apps/mediawiki/sameness/settings";
import type { Address, Answer } from "../../../../../../engine/apps/mediawiki/sameness/types";
import { silent } from "../../../../../../engine/progress";

const serverUrl = "https://wiki.example.org";
const answer = (body: string | Buffer, headers: Answer["headers"] = {}, status = 200): Answer => ({
  status,
  headers: { "content-type": "text/html; charset=UTF-8", ...headers },
  body: Buffer.from(body),
});
const names = (blue: Answer, green: Answer, path = "/wiki/A") =>
  judge(path, blue, green, serverUrl).map(({ what }) => what);

test("what changes by nature is taken out of a page, each piece with its reason", () => {
  const page = (of: { id: string; ms: number; token: string; nonce: string; at: string }) =>
    `<script nonce="${of.nonce}">RLCONF={"wgRequestId":"${of.id}","wgCSPNonce":"${of.nonce}"};RLQ.push({"csrfToken":"${of.token}+\\\\"});</script>
<input type="hidden" value="${of.token}" name="wpEditToken"/><p>Text</p>
<!-- 
NewPP limit report
CPU time usage: ${of.ms} seconds
-->
<!-- Saved in parser cache with key wikidb:pcache:idhash:1-0!canonical and timestamp ${of.at} and revision id 1. -->
<a href="/w/index.php?title=Special:RecentChanges&amp;from=${of.at}&amp;fromFormatted=x" data-params="{&quot;from&quot;:&quot;${of.at}&quot;}">new since ${of.at}</a>
<script>(RLQ=window.RLQ||[]).push(function(){mw.config.set({"wgPageParseReport":{"limitreport":{"cputime":"${of.ms}"}}});mw.config.set({"wgBackendResponseTime":${of.ms},"wgHostname":"${of.id}"});});</script>`;
  const one = page({ id: "a1", ms: 12, token: "0a", nonce: "n1", at: "20261201010101" });
  const other = page({ id: "b2", ms: 345, token: "1b", nonce: "n2", at: "20261201010203" });
  expect(normalize(one, "text/html")).toBe(normalize(other, "text/html"));
  expect(normalize(one, "text/html")).toContain("<p>Text</p>");
  expect(names(answer(one), answer(other.replace("Text", "Words")))).toEqual([
    "text: <p>Words</p> instead of <p>Text</p>",
  ]);
  expect(natural.every(({ name, reason }) => name !== "" && reason !== "")).toBe(true);
});

test("a side that is read-only before the flip does not differ by that, nor by its machine", () => {
  const info = (of: object) => JSON.stringify({ query: { general: { sitename: "W", ...of } } });
  const json = { "content-type": "application/json; charset=utf-8" };
  const blue = answer(info({ phpversion: "7.4", readonly: false, time: "1" }), json);
  const green = answer(
    info({ phpversion: "7.4.1", readonly: true, readonlyreason: 'closed "now"', time: "2" }),
    json,
  );
  expect(names(blue, green)).toEqual([]);
});

test("status, target, type, headers and cookies are compared, and named", () => {
  expect(names(answer("a"), answer("b", {}, 404))).toEqual(["status: 404 instead of 200"]);
  expect(names(answer("a"), answer("a", { "content-type": "text/html; charset=iso-8859-1" }))).toEqual([
    "type: text/html;charset=iso-8859-1 instead of text/html;charset=utf-8",
  ]);
  expect(names(answer("a", { "x-frame-options": "DENY" }), answer("a"))).toEqual([
    "header x-frame-options: none instead of DENY",
  ]);
  expect(
    names(answer("a", { vary: "Cookie, Accept-Encoding" }), answer("a", { vary: "accept-encoding,Cookie" })),
  ).toEqual([]);
  expect(
    names(
      answer("a", { date: "x", etag: "1", server: "A" }),
      answer("a", { date: "y", etag: "2", server: "B" }),
    ),
  ).toEqual([]);
  const away = (location: string) => answer("moved", { location }, 301);
  expect(names(away("https://wiki.example.org/wiki/B"), away("/wiki/B"))).toEqual([]);
  expect(names(away("/wiki/B"), away("http://10.0.0.7/wiki/B"))).toEqual([
    "target: http://10.0.0.7/wiki/B instead of /wiki/B",
  ]);
  const cookie = (text: string) => answer("a", { "set-cookie": [text, "wiki_session=x; path=/"] });
  expect(names(cookie("a=1; Secure; Path=/"), cookie("a=2; path=/; secure"))).toEqual([]);
  expect(names(cookie("a=1; Secure; Path=/"), cookie("a=2; path=/"))).toEqual([
    "cookies: a; path=/ instead of a; path=/; secure",
  ]);
});

test("no answer is a difference, unless neither side gives one", () => {
  const none: Answer = { status: 0, headers: {}, body: Buffer.alloc(0), failure: "no answer (refused)" };
  expect(names(answer("a"), none)).toEqual(["answer: no answer (refused) instead of status 200"]);
  expect(names(none, none)).toEqual([]);
});

const png = (data: string, text: string) => {
  const chunk = (type: string, body: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(body.length);
    return Buffer.concat([length, Buffer.from(type), body, Buffer.alloc(4)]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(90, 0);
  head.writeUInt32BE(60, 4);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", head),
    chunk("tEXt", Buffer.from(text)),
    chunk("IDAT", Buffer.from(data)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
};

test("files are compared byte by byte, thumbnails without their comments and up to 5 % of encoding", () => {
  const image = (data: string, text: string) => answer(png(data, text), { "content-type": "image/png" });
  const [file, thumb] = ["/w/images/a/ab/A.png", "/w/images/thumb/a/ab/A.png/90px-A.png"];
  expect(names(image("x".repeat(500), "2025"), image("x".repeat(500), "2026"), file)).toEqual([
    "bytes: 90 × 60, 573 bytes instead of 90 × 60, 573 bytes, another content",
  ]);
  expect(names(image("x".repeat(500), "2025"), image("x".repeat(500), "2026"), thumb)).toEqual([]);
  expect(names(image("x".repeat(500), "2025"), image("y".repeat(510), "2026"), thumb)).toEqual([]);
  expect(names(image("x".repeat(500), "2025"), image("y".repeat(700), "2026"), thumb)).toEqual([
    "bytes: 90 × 60, 773 bytes instead of 90 × 60, 573 bytes",
  ]);
});

const address = (path: string, shape: string): Address => ({ method: "GET", path, shape, as: "anonymous" });

test("a difference that an edit made is asked again, and a page that differs from itself can't be compared", async () => {
  let edits = 0;
  let chance = 0;
  const ask =
    (side: "blue" | "green") =>
    async ({ path }: Address) => {
      if (path === "/edited") return answer(side === "blue" || edits > 0 ? "new" : "old");
      if (path === "/random") return answer(String(chance++));
      return answer(
        path === "/lost" && side === "green" ? "gone" : "there",
        {},
        path === "/lost" && side === "green" ? 404 : 200,
      );
    };
  const asking = {
    blue: ask("blue"),
    green: ask("green"),
    settle: async () => {
      edits = chance > 2 ? 1 : 0;
    },
    serverUrl,
    report: silent,
  };
  const compared = await compareAddresses(
    [
      address("/edited", "/*"),
      address("/random", "/random"),
      address("/lost", "/lost"),
      address("/same", "/*"),
    ],
    asking,
  );
  const { different, ignored, same, shapes, asked } = conclude(compared, [], {});
  expect(different).toEqual([
    { shape: "/lost", example: "/lost", what: "status: 404 instead of 200", addresses: 1 },
  ]);
  expect(ignored).toEqual([{ shape: "/random", reason: "blue's own answers differ from each other (text)" }]);
  expect({ same, shapes, asked }).toEqual({ same: 2, shapes: 3, asked: 4 });
  const accepted = conclude(compared, [], { "/lo**": "it was only in the log" });
  expect(accepted.different).toEqual([]);
  expect(accepted.ignored).toContainEqual({ shape: "/lost", reason: "it was only in the log" });
});

test("settings that differ are named by their cause", () => {
  const site = (of: { general?: object; extensions?: string[]; rights?: string[] }) =>
    JSON.stringify({
      query: {
        general: {
          generator: "MediaWiki 1.39.1",
          sitename: "W",
          lang: "de",
          case: "first-letter",
          phpversion: "8.2",
          ...of.general,
        },
        namespaces: { "0": { id: 0, name: "" } },
        extensions: (of.extensions ?? ["Cite", "Poem"]).map((name) => ({
          type: "parserhook",
          name,
          version: "1",
        })),
        usergroups: [{ name: "*", rights: of.rights ?? ["read", "edit"] }],
      },
    });
  const told = (green: string) =>
    compareSettings(site({}), green).map(({ shape, what }) => `${shape}: ${what}`);
  expect(told(site({ general: { phpversion: "8.4", readonly: true } }))).toEqual([]);
  expect(told(site({ extensions: ["Cite"] }))).toEqual(["setting: extension Poem: missing"]);
  expect(told(site({ general: { lang: "en", case: "case-sensitive" } }))).toEqual([
    'setting: $wgLanguageCode: "en" instead of "de"',
    'setting: $wgCapitalLinks: "case-sensitive" instead of "first-letter"',
  ]);
  expect(told(site({ rights: ["read"] }))[0]).toMatch(/^setting: rights of group \*: /);
  expect(told('{"error":{"code":"readapidenied"}}')).toEqual([
    "setting: right to read: green answers readapidenied, blue tells its settings",
  ]);
});

test("a module that green's PHP lacks counts, one that it has beside does not", () => {
  const php = (modules: string[], limits: Record<string, string> = {}) => ({
    version: "8.2.1",
    modules,
    limits,
  });
  expect(
    comparePhp(php(["gd", "intl"]), php(["gd", "gmp"])).map(({ shape, what }) => `${shape}: ${what}`),
  ).toEqual(["setting: PHP module intl: missing"]);
  expect(
    comparePhp(php([], { memory_limit: "256M" }), {
      ...php([], { memory_limit: "128M" }),
      version: "8.4.1",
    }).map(({ shape, what }) => `${shape}: ${what}`),
  ).toEqual([
    "setting: PHP's version: 8.4.1 instead of 8.2.1",
    "setting: PHP's memory_limit: 128M instead of 256M",
  ]);
});
