import {
  anonymousAddresses,
  answerOf,
  type Compared,
  pageText,
  samenessFinding,
  siteText,
} from "../../../../../engine/apps/mediawiki/sameness";

const wiki = { serverUrl: "https://wiki.example.org", apiPath: "/w/api.php" };
const site = (change: object = {}) =>
  JSON.stringify({
    query: {
      general: { mainpage: "Main Page", articlepath: "/wiki/$1", lang: "de", phpversion: "8.2", ...change },
      namespaces: { "-1": { id: -1, name: "Spezial" }, "0": { id: 0, name: "" } },
      extensions: [
        { type: "parserhook", name: "Cite" },
        { type: "skin", name: "Vector" },
      ],
      allimages: [{ url: "https://wiki.example.org/w/images/a/ab/X.png" }],
    },
  });
const raw = (status: number, type: string, text: string, location?: string) => ({
  status,
  headers: { "content-type": type, ...(location ? { location } : {}) },
  body: Buffer.from(text),
});

test("one address of each shape is asked, by the wiki's own paths", () => {
  expect(anonymousAddresses(wiki, site())).toEqual([
    "/",
    "/w/index.php",
    "/w/index.php?title=Special:SpecialPages",
    "/w/load.php?modules=startup&only=scripts&raw=1",
    "/w/load.php?modules=site.styles&only=styles",
    "/wiki/Main_Page",
    "/wiki/Wikiferry_asks_for_a_page_that_is_missing",
    "/w/images/a/ab/X.png",
  ]);
  expect(anonymousAddresses({ ...wiki, apiPath: "/api.php" }, '{"error":{"code":"readapidenied"}}')).toEqual([
    "/",
    "/index.php",
    "/index.php?title=Special:SpecialPages",
    "/load.php?modules=startup&only=scripts&raw=1",
    "/load.php?modules=site.styles&only=styles",
  ]);
});

test("a page's text counts, without the skin around it and what is not text", () => {
  const page = `<nav>Log in</nav><h1 id="firstHeading"><span>Main</span></h1><!-- 12:01 --><style>a{}</style>
<p>Some&#160;<b>text</b></p><div class="printfooter">Retrieved</div>`;
  expect(pageText(page)).toBe("Main Some text");
  expect(pageText("<p>plain <script>x()</script></p>")).toBe("plain");
});

test("in siteinfo only what people rely on counts: a namespace and an extension do, PHP's version does not", () => {
  expect(siteText(site({ phpversion: "8.4" }))).toBe(siteText(site()));
  expect(siteText(site())).toContain("namespace -1=Spezial");
  expect(siteText(site())).toContain("extension Cite");
  expect(siteText(site())).not.toContain("Vector");
  expect(siteText('{"error":{"code":"readapidenied"}}')).toBe("readapidenied");
});

test("a redirect target is compared without the wiki's own origin, and what people don't read by its hash", () => {
  expect(
    answerOf("/", raw(301, "text/html", "", "https://wiki.example.org/wiki/A?b"), wiki.serverUrl),
  ).toEqual({
    status: 301,
    target: "/wiki/A?b",
    type: "text/html",
    text: "",
  });
  expect(answerOf("/", raw(301, "text/html", "", "http://wiki.example.org/"), wiki.serverUrl).target).toBe(
    "http://wiki.example.org/",
  );
  const hash = answerOf("/x.png", raw(200, "image/png", "1"), wiki.serverUrl).text;
  expect(hash).toHaveLength(64);
  // A web server's own "not found" page differs by server.
  expect(answerOf("/x.png", raw(404, "text/html; charset=iso-8859-1", "Apache"), wiki.serverUrl).text).toBe(
    "",
  );
});

test("a difference is reported with its address and both answers", () => {
  const answer = (status: number, text = "") => ({ status, target: "", type: "text/html", text });
  const compared: Compared[] = [
    { path: "/", blue: answer(200, "same"), green: answer(200, "same") },
    { path: "/wiki/Main_Page", blue: answer(200, "Main"), green: answer(404) },
    { path: "/x", blue: answer(200, "Please log in first"), green: answer(200, "Please read") },
  ];
  expect(samenessFinding(compared, "green-gate")).toMatchObject({
    code: "APP_ANSWERS",
    severity: "block",
    found:
      'green answers anonymous people differently than blue at 2 of 3 addresses: /wiki/Main_Page (blue: 200 text/html, green: 404 text/html); /x (blue: 200 text/html "Please log in first", green: 200 text/html "Please read") (asked from green-gate)',
  });
  expect(samenessFinding(compared.slice(0, 1), "green-gate").severity).toBe("pass");
});
