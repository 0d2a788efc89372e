import { readCounts } from "../../../../../../engine/apps/mediawiki/sameness/accessLog";
import { candidates, choose } from "../../../../../../engine/apps/mediawiki/sameness/choose";
import { isHarmless } from "../../../../../../engine/apps/mediawiki/sameness/harmless";
import { knownAddresses, namedIn } from "../../../../../../engine/apps/mediawiki/sameness/known";
import { hardOnes } from "../../../../../../engine/apps/mediawiki/sameness/samples";
import { shapeOf } from "../../../../../../engine/apps/mediawiki/sameness/shape";
import { articleAddress, type Site } from "../../../../../../engine/apps/mediawiki/sameness/site";

const site: Site = {
  articlePath: "/wiki/$1",
  scriptPath: "/w",
  script: "/w/index.php",
  mainPage: "Hauptseite",
  namespaces: [
    { id: -1, names: ["Spezial", "Special"] },
    { id: 0, names: [""] },
    { id: 1, names: ["Diskussion", "Talk"] },
    { id: 6, names: ["Datei", "File", "Bild"] },
  ],
  specialPages: [
    { realName: "Userlogout", aliases: ["Abmelden", "Logout", "UserLogout"] },
    { realName: "Recentchanges", aliases: ["Letzte_Änderungen", "RecentChanges"] },
    { realName: "Randompage", aliases: ["Zufällige_Seite", "Random"] },
    { realName: "Glossary", aliases: ["Glossar"] },
  ],
};

test.each([
  ["/wiki/Berlin", "/wiki/*"],
  ["/wiki/Gr%C3%B6%C3%9Fe/H%C3%B6he", "/wiki/*"],
  ["/wiki/Diskussion:Berlin", "/wiki/Talk:*"],
  ["/wiki/Talk:Berlin", "/wiki/Talk:*"],
  ["/wiki/Bild:A_b.png", "/wiki/File:*"],
  ["/wiki/Spezial:Letzte_%C3%84nderungen", "/wiki/Special:Recentchanges"],
  ["/wiki/Special:RecentChanges/5", "/wiki/Special:Recentchanges/*"],
  ["/w/index.php?title=Berlin&action=history", "/w/index.php?action=history&title=*"],
  ["/w/index.php?action=history&title=Bonn", "/w/index.php?action=history&title=*"],
  ["/w/index.php?title=Talk:A&oldid=12", "/w/index.php?oldid=#&title=Talk:*"],
  ["/w/index.php?title=A&diff=prev&oldid=12", "/w/index.php?diff=prev&oldid=#&title=*"],
  ["/w/index.php/Berlin", "/w/index.php/*"],
  ["/w/load.php?modules=startup&only=scripts", "/w/load.php?modules=startup&only=scripts"],
  ["/w/load.php?modules=a%7Cb.c&only=styles&lang=de", "/w/load.php?lang=de&modules=*&only=styles"],
  ["/w/api.php?action=query&list=allpages&aplimit=5", "/w/api.php?action=query&aplimit=*&list=allpages"],
  ["/w/images/a/ab/Karte_Nord.png", "/w/images/#/#/*.png"],
  ["/w/images/thumb/a/ab/Karte.png/120px-Karte.png", "/w/images/thumb/#/#/*.png/#px-*.png"],
  ["/w/images/thumb/a/ab/Heft.pdf/page3-300px-Heft.pdf.jpg", "/w/images/thumb/#/#/*.pdf/#px-*.jpg"],
  ["/robots.txt", "/robots.txt"],
  ["/google1234abcd.html", "/google1234abcd.html"],
  ["/w/skins/Vector/resources/x.svg", "/w/skins/Vector/resources/*.svg"],
  ["/", "/"],
  ["/%E0%A4%A", "/*"],
])("%s has the shape %s", (address, shape) => {
  expect(shapeOf(address, site)).toBe(shape);
});

test("an article at the document's root is told from a file there", () => {
  const flat = { ...site, articlePath: "/$1", scriptPath: "", script: "/index.php" };
  expect(shapeOf("/Berlin", flat)).toBe("/*");
  expect(shapeOf("/robots.txt", flat)).toBe("/robots.txt");
  expect(shapeOf("/index.php?title=Berlin", flat)).toBe("/index.php?title=*");
});

test.each([
  ["GET", "/wiki/Berlin"],
  ["HEAD", "/wiki/Berlin"],
  ["GET", "/w/index.php?title=Berlin&action=history"],
  ["GET", "/w/index.php?title=Berlin&action=raw&ctype=text/css"],
  ["GET", "/w/api.php?action=query&meta=siteinfo"],
  ["GET", "/w/load.php?modules=startup"],
  ["GET", "/w/rest.php/v1/page/Berlin"],
  ["GET", "/w/thumb.php?f=A.png&w=100"],
  ["GET", "/wiki/Spezial:Letzte_%C3%84nderungen"],
])("%s %s is asked", (method, target) => {
  expect(isHarmless(method, target, site)).toBe(true);
});

test.each([
  ["POST", "/wiki/Berlin"],
  ["GET", "/w/index.php?title=Berlin&action=edit"],
  ["GET", "/w/index.php?title=Berlin&action=submit"],
  ["GET", "/w/index.php?title=Berlin&action=purge"],
  ["GET", "/w/index.php?title=Berlin&action=rollback&from=A"],
  ["GET", "/w/index.php?title=Berlin&action=markpatrolled&rcid=1&token=x"],
  ["GET", "/w/index.php?title=Berlin&veaction=edit"],
  ["GET", "/w/index.php?title=Berlin&undo=5"],
  ["GET", "/wiki/Spezial:Abmelden"],
  ["GET", "/wiki/Special:UserLogout"],
  ["GET", "/w/index.php?title=Spezial:Abmelden&returnto=A"],
  ["GET", "/wiki/Special:UserLogin"],
  ["GET", "/wiki/Spezial:Zuf%C3%A4llige_Seite"],
  ["GET", "/wiki/Special:Random"],
  ["GET", "/wiki/Special:ConfirmEmail/abc"],
  ["GET", "/w/api.php?action=edit&title=A"],
  ["GET", "/w/api.php?action=logout"],
  ["GET", "/w/api.php?action=query&meta=tokens"],
  ["GET", "/w/api.php?action=query&list=random"],
  ["GET", "/w/api.php?action=purge&titles=A"],
  ["GET", "/cron.php"],
  ["GET", "/w/mw-config/index.php"],
  ["GET", "//elsewhere.example.org/"],
  ["GET", "/w/../secret"],
  ["GET", "/wiki/A b"],
])("%s %s is not asked", (method, target) => {
  expect(isHarmless(method, target, site)).toBe(false);
});

test("of the log each shape is asked once before the most frequent are asked again", () => {
  const logged = candidates(
    [
      { method: "GET", target: "/wiki/A", count: 90 },
      { method: "GET", target: "/wiki/B", count: 80 },
      { method: "GET", target: "/wiki/Talk:A", count: 2 },
      { method: "GET", target: "/robots.txt", count: 30 },
      { method: "GET", target: "/w/index.php?title=A&action=edit", count: 70 },
      { method: "POST", target: "/w/api.php", count: 60 },
    ],
    site,
  );
  const paths = (limit: number) => choose([], logged, limit).map(({ path }) => path);
  expect(paths(3)).toEqual(["/wiki/A", "/robots.txt", "/wiki/Talk:A"]);
  expect(paths(10)).toEqual(["/wiki/A", "/robots.txt", "/wiki/Talk:A", "/wiki/B"]);
});

test("what the host counted is read, and what is wrong with the log is a finding", () => {
  const { requests, finding } = readCounts(
    "     90 GET /wiki/A\n      2 HEAD /robots.txt\n#lines 92 0\n",
    "web",
  );
  expect(requests).toEqual([
    { count: 90, method: "GET", target: "/wiki/A" },
    { count: 2, method: "HEAD", target: "/robots.txt" },
  ]);
  expect(finding).toBeUndefined();
  const code = (text: string) => readCounts(text, "web").finding?.code;
  expect(code("#missing\n")).toBe("COMPARE_LOG_MISSING");
  expect(code("#unreadable /var/log/nginx/access.log\n#lines 0 0\n")).toBe("COMPARE_LOG_UNREADABLE");
  expect(code("#lines 3 400\n1 GET /\n")).toBe("COMPARE_LOG_FORMAT");
});

test("one title of each kind of hard letter is enough, and a title may serve for several", () => {
  expect(hardOnes(["Plain", "Größe/Höhe?", "Ärger", "a&b", "𝄞"])).toEqual(["𝄞", "Größe/Höhe?", "a&b"]);
});

test("titles are written as MediaWiki writes them in addresses", () => {
  expect(articleAddress(site, "A b/c:d?e&f+g\"'ß")).toBe("/wiki/A_b/c:d%3Fe%26f%2Bg%22%27%C3%9F");
  expect(articleAddress({ articlePath: "/index.php?title=$1" }, "A b")).toBe("/index.php?title=A_b");
});

const places = {
  uploadPath: "/w/images",
  hidden: ["deleted/a/x.png"],
  serverUrl: "https://wiki.example.org",
};
const samples = {
  hardTitles: ["Größe"],
  pages: ["Berlin"],
  files: [{ title: "Datei:A.png", url: "https://wiki.example.org/w/img_auth.php/a/ab/A.png" }],
};

test("a private wiki is asked by its account, and by somebody without a session too; a file not past its script", () => {
  const asked = knownAddresses(site, samples, places, "/w/api.php", "account");
  for (const as of ["account", "anonymous"])
    expect(asked.filter((one) => one.as === as).map(({ path }) => path)).toEqual(
      expect.arrayContaining([
        "/wiki/Hauptseite",
        "/wiki/Gr%C3%B6%C3%9Fe",
        "/LocalSettings.php",
        "/w/LocalSettings.php",
        "/w/images/deleted/a/x.png",
        "/w/img_auth.php/a/ab/A.png",
        "/w/images/a/ab/A.png",
        "/wiki/Spezial:Glossar",
        "/robots.txt",
      ]),
    );
  expect(
    asked.every(
      ({ method, path }) =>
        isHarmless(method, path, site) ||
        path.includes("LocalSettings") ||
        path.includes("maintenance") ||
        path.includes("WebStart"),
    ),
  ).toBe(true);
});

test("styles, scripts and thumbnails are found in a page, other hosts' are not", () => {
  const html = `<link rel="stylesheet" href="/w/load.php?lang=de&amp;modules=x&amp;only=styles"><script src="https://cdn.example.net/x.js"></script>
<img src="/w/images/thumb/a/ab/A.png/90px-A.png" srcset="/w/images/thumb/a/ab/A.png/135px-A.png 1.5x"><a href="/w/index.php?title=A&amp;action=edit">`;
  expect(namedIn(html, site, places, "anonymous").map(({ path }) => path)).toEqual([
    "/w/load.php?lang=de&modules=x&only=styles",
    "/w/images/thumb/a/ab/A.png/90px-A.png",
    "/w/images/thumb/a/ab/A.png/135px-A.png",
  ]);
});
