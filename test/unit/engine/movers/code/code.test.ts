import {
  type Entry,
  fingerprintOf,
  generationOf,
  manifestText,
  parseEntries,
  parseHashes,
} from "../../../../../engine/movers/code/entries";
import { isWithin, outermost, targetOf } from "../../../../../engine/movers/code/paths";
import { isCarriable, mountsFor, outwardTargets } from "../../../../../engine/movers/code/roots";

const file = (path: string, more: Partial<Entry> = {}): Entry => ({
  path,
  type: "file",
  mode: "644",
  bytes: 3,
  modified: "1700000000.5",
  target: "",
  ...more,
});
const link = (path: string, target: string): Entry => file(path, { type: "link", bytes: 0, target });

test("find's answer is read whatever a name contains, and sockets are left out", () => {
  const output = [
    ["f", "640", "12", "1.5", "/srv/w/a b\n'c'.php", ""],
    ["l", "777", "4", "2.0", "/srv/w/link", "../x y"],
    ["s", "777", "0", "2.0", "/srv/w/socket", ""],
    ["d", "755", "4096", "2.0", "/srv/w", ""],
  ]
    .map((fields) => `${fields.join("\0")}\0`)
    .join("");
  expect(parseEntries(output)).toEqual([
    { path: "/srv/w/a b\n'c'.php", type: "file", mode: "640", bytes: 12, modified: "1.5", target: "" },
    { path: "/srv/w/link", type: "link", mode: "777", bytes: 4, modified: "2.0", target: "../x y" },
    { path: "/srv/w", type: "directory", mode: "755", bytes: 4096, modified: "2.0", target: "" },
  ]);
});

test("the fingerprint changes with a file's time, the generation only with its content", () => {
  const before = [file("/w/a"), file("/w/b")];
  const touched = [file("/w/b"), file("/w/a", { modified: "1800000000.0" })];
  expect(fingerprintOf(touched)).not.toBe(fingerprintOf(before));
  expect(fingerprintOf([...before].reverse())).toBe(fingerprintOf(before));
  const hashes = new Map([
    ["/w/a", "1".repeat(64)],
    ["/w/b", "2".repeat(64)],
  ]);
  expect(generationOf(touched, hashes)).toBe(generationOf(before, hashes));
  expect(generationOf(before, new Map([...hashes, ["/w/b", "3".repeat(64)]]))).not.toBe(
    generationOf(before, hashes),
  );
  expect(generationOf(before, hashes, { "httpd-site.conf": "x" })).not.toBe(generationOf(before, hashes));
});

test("the manifest names files as sha256sum reads them back", () => {
  const hashes = parseHashes(`${"a".repeat(64)}  /w/x\0${"b".repeat(64)}  /w/new\nline\\\0`);
  expect(manifestText(hashes)).toBe(`\\${"b".repeat(64)}  w/new\\nline\\\\\n${"a".repeat(64)}  w/x\n`);
});

test("paths: what lies in what, and where links lead", () => {
  expect(isWithin("/srv/wiki2", "/srv/wiki")).toBe(false);
  expect(isWithin("/srv/wiki/x", "/srv/wiki")).toBe(true);
  expect(outermost(["/b/c", "/a", "/b", "/a"])).toEqual(["/a", "/b"]);
  expect(targetOf("/srv/wiki/skins", "../shared/skins/")).toBe("/srv/shared/skins");
  expect(targetOf("/srv/wiki/skins", "/etc/x")).toBe("/etc/x");
});

test("a link inside stays a link; the target of any other has to be carried, uploads never", () => {
  const entries = [
    link("/var/lib/mediawiki/includes", "/usr/share/mediawiki/includes"),
    link("/var/lib/mediawiki/images", "/data/images"),
    link("/var/lib/mediawiki/inside", "extensions/Foo"),
    link("/var/lib/mediawiki/LocalSettings.php", "../../../etc/mediawiki/LocalSettings.php"),
  ];
  expect([...outwardTargets(entries, ["/var/lib/mediawiki"], ["/data/images"])]).toEqual([
    ["/usr/share/mediawiki/includes", "/var/lib/mediawiki/includes"],
    ["/etc/mediawiki/LocalSettings.php", "/var/lib/mediawiki/LocalSettings.php"],
  ]);
});

test.each([
  ["/srv/wiki", "directory", true],
  ["/var/www", "directory", true],
  ["/usr/share/mediawiki", "directory", true],
  ["/etc/wiki-secrets.php", "file", true],
  ["/etc", "directory", false],
  ["/usr/share", "directory", false],
  ["/home", "directory", false],
  ["/", "directory", false],
  ["/usr/bin/convert", "file", false],
  ["/dev/null", "file", false],
] as const)("%s, a %s, may be carried: %s", (real, type, may) => {
  expect(isCarriable({ real, type })).toBe(may);
});

test("what is carried appears where blue names it, once", () => {
  const directory = (path: string, real = path) => ({ path, real, type: "directory" as const });
  expect(
    mountsFor([
      directory("/srv/wiki", "/srv/wiki-1.39"),
      directory("/var/www/html"),
      directory("/var/www/html/w"),
      directory("/var/www/html/link", "/srv/shared"),
    ]),
  ).toEqual([
    { path: "/srv/shared", real: "/srv/shared" },
    { path: "/srv/wiki", real: "/srv/wiki-1.39" },
    { path: "/srv/wiki-1.39", real: "/srv/wiki-1.39" },
    { path: "/var/www/html", real: "/var/www/html" },
  ]);
});
