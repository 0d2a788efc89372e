import { type ApiAnswer, readSiteInfo } from "../../../../../engine/apps/mediawiki/siteInfo";

const read = (answer: ApiAnswer) => readSiteInfo(answer, "the wiki at web:80", "/w/api.php");

test("MediaWiki's answer is read, and a private wiki's refusal is one, too", () => {
  const general = { generator: "MediaWiki 1.39.17", readonly: true, readonlyreason: "moved" };
  expect(read({ status: 200, body: JSON.stringify({ query: { general } }) })).toEqual({
    version: "1.39.17",
    readOnly: true,
    readOnlyReason: "moved",
    anonymousRead: true,
  });
  const denied = { error: { code: "readapidenied", info: "You need read permission" } };
  expect(read({ status: 200, body: JSON.stringify(denied) })).toMatchObject({
    version: "",
    anonymousRead: false,
  });
});

const page = (title: string) =>
  `<!DOCTYPE html><html><head><title>${title}</title></head><body><h1>x</h1></body></html>`;

test.each<[string, string, ApiAnswer]>([
  [
    "WEB_API_REDIRECT",
    "with status 301, a redirect to https://web/w/api.php",
    { status: 301, body: page("Moved"), location: "https://web/w/api.php" },
  ],
  [
    "WEB_API_DENIED",
    "with status 403: the web server itself denies the request",
    { status: 403, body: page("Forbidden") },
  ],
  ["WEB_API_DENIED", "with status 401", { status: 401, body: "" }],
  ["WEB_API_NOT_FOUND", "with status 404", { status: 404, body: page("404 Not Found") }],
  [
    "WEB_API_ERROR",
    'with status 503, an HTML page titled "Service Unavailable"',
    { status: 503, body: page("Service\n Unavailable") },
  ],
  ["WEB_API_ERROR", "with status 500, an empty answer", { status: 500, body: "" }],
  [
    "WEB_API_ERROR",
    "with status 200 and MediaWiki's error internal_api_error_DBConnectionError: no database",
    {
      status: 200,
      body: JSON.stringify({
        error: { code: "internal_api_error_DBConnectionError", info: "no <b>database</b>" },
      }),
    },
  ],
  [
    "WEB_PHP_SOURCE",
    "with status 200 and the source of the script",
    { status: 200, body: "<?php\n/** API entry */" },
  ],
  [
    "WEB_NOT_MEDIAWIKI",
    'with status 200, an HTML page titled "It works!"',
    { status: 200, body: page("It works!") },
  ],
  [
    "WEB_NOT_MEDIAWIKI",
    "with status 200, JSON that is not MediaWiki's",
    { status: 200, body: '{"ok":true}' },
  ],
  [
    "WEB_NOT_MEDIAWIKI",
    "with status 200, an HTML page without a title",
    { status: 200, body: "<html><p>no</html>" },
  ],
  ["WEB_NOT_MEDIAWIKI", 'with status 200, the text "pong"', { status: 200, body: "pong\u0000\n" }],
])("%s: the wiki answered /w/api.php %s", (code, found, answer) => {
  const attempt = () => read(answer);
  expect(attempt).toThrow(expect.objectContaining({ code, found: expect.stringContaining(found) }));
  expect(attempt).toThrow(expect.objectContaining({ found: expect.not.stringMatching(/[<>]/) }));
});
