import fc from "fast-check";
import { compareFiles } from "../../../../../engine/movers/files/comparison";
import { parseHashes } from "../../../../../engine/movers/files/hashes";
import { base36ToHex, UploadLayout } from "../../../../../engine/movers/files/layout";
import { checkPass, failedFiles, parsePass } from "../../../../../engine/movers/files/passes";
import { passProgress } from "../../../../../engine/movers/files/progress";
import { quote } from "../../../../../engine/runtime/ssh/quote";

const empty = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
const empty36 = "phoiac9h4m842xq45sp7s6u21eteeq1";

test("MediaWiki's base 36 is the hash that sha1sum prints", () => {
  expect(base36ToHex(empty36)).toBe(empty);
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: (1n << 160n) - 1n }), (hash) => {
      expect(base36ToHex(hash.toString(36).padStart(31, "0"))).toBe(hash.toString(16).padStart(40, "0"));
    }),
  );
});

test("each kind of file is looked up where MediaWiki keeps it", () => {
  const layout = new UploadLayout(true);
  const old = { name: "Foo.jpg", sha1: empty36, archiveName: "20260101000000!Foo.jpg", deleted: 0 };
  expect(layout.current({ name: "Foo.jpg", sha1: empty36 })).toEqual({ path: "0/06/Foo.jpg", sha1: empty });
  expect(layout.old(old)?.path).toBe("archive/0/06/20260101000000!Foo.jpg");
  expect(layout.old({ ...old, archiveName: "20260101000000!Foo.JPEG", deleted: 1 })?.path).toBe(
    `deleted/p/h/o/${empty36}.jpg`,
  );
  expect(layout.old({ ...old, archiveName: "" })).toBeUndefined();
  expect(layout.archived({ storageKey: `${empty36}.png` })).toEqual({
    path: `deleted/p/h/o/${empty36}.png`,
    sha1: empty,
  });
  expect(layout.archived({ storageKey: "" })).toBeUndefined();
  const flat = new UploadLayout(false);
  expect(flat.current({ name: "Foo.jpg", sha1: empty36 }).path).toBe("Foo.jpg");
  expect(flat.archived({ storageKey: `${empty36}.png` })?.path).toBe(`deleted/${empty36}.png`);
});

test("names with any characters are read from sha1sum", () => {
  const hashes = parseHashes(`${empty}  ./a/new\nline\0${empty}  ./-dash 'q' "d" 😀\0`);
  expect([...hashes.keys()]).toEqual(["a/new\nline", "-dash 'q' \"d\" 😀"]);
  expect(quote("it's")).toBe("'it'\\''s'");
});

test("a comparison distinguishes missing, different and extra files", () => {
  const expected = ["a", "b", "c", "c"].map((path) => ({ path, sha1: empty }));
  const hashes = new Map([
    ["b", "0".repeat(40)],
    ["c", empty],
    ["d", empty],
  ]);
  expect(compareFiles(expected, hashes)).toEqual({
    sameFiles: 1,
    missing: ["a"],
    different: ["b"],
    withoutHash: [],
    extra: ["d"],
  });
});

test.each([23, 24])("rsync's exit code %i is a failure", (exitCode) => {
  const pass = parsePass(
    JSON.stringify({
      passes: 1,
      direction: "pull",
      startedMs: 1,
      endedMs: 2,
      exitCode,
      filesSent: 0,
      filesDeleted: 0,
      sentBytes: 0,
      partial: false,
      lastGoodStartMs: 0,
      wouldDelete: 0,
      held: "",
      stderr: "rsync: some files",
    }),
  );
  expect(() => checkPass(pass)).toThrow(/FILES_SYNC: .*exit code/);
  expect(checkPass({ ...pass, exitCode: 0 }).passes).toBe(1);
  expect(() => parsePass("{")).toThrow(/FILES_PASS/);
});

test("a file and its old versions lie in two directories, which it shares; in one with all others if not hashed", () => {
  expect(new UploadLayout(true).directories("Foo.jpg")).toEqual(["0/06/", "archive/0/06/"]);
  expect(new UploadLayout(false).directories("Foo.jpg")).toEqual([]);
});

test("a pass that could not copy files is a failure that names each of them, and why", () => {
  const stderr = [
    'rsync: [sender] send_files failed to open "/srv/uploads/a/ab/It\'s.png": Permission denied (13)',
    'file has vanished: "/srv/uploads/1/12/Gone "now".png" (in uploads)',
    'rsync: [receiver] mkstemp "/srv/green/3/3f/.X.png.Ab12" failed: No space left on device (28)',
    'rsync: [sender] send_files failed to open "/srv/uploads/a/ab/It\'s.png": Permission denied (13)',
    "rsync error: some files/attrs were not transferred (see previous errors) (code 23) at main.c(1338) [sender=3.2.7]",
  ].join("\n");
  const files = failedFiles(stderr, ["/srv/uploads/", "/srv/green"]);
  expect(files.map(({ path }) => path)).toEqual(["a/ab/It's.png", '1/12/Gone "now".png', "3/3f/.X.png.Ab12"]);
  expect(files[0]?.reason).toBe("Permission denied (13)");
  expect(files[1]?.reason).toBe("file has vanished");
  expect(files[2]?.reason).toContain("No space left on device (28)");
  const pass = {
    passes: 1,
    direction: "pull",
    startedMs: 0,
    endedMs: 0,
    filesSent: 0,
    filesDeleted: 0,
    sentBytes: 0,
    partial: false,
    lastGoodStartMs: 0,
    wouldDelete: 0,
    held: "",
    stderr,
  };
  for (const exitCode of [23, 24])
    expect(() => checkPass({ ...pass, exitCode }, ["/srv/uploads"])).toThrow(
      `FILES_SYNC: the sync of uploads (pull) ended with exit code ${exitCode}: a/ab/It's.png (Permission denied (13)), `,
    );
});

test("a pass reports its rate and the time left after two looks", () => {
  const first = { bytes: 10e6, atMs: 0 };
  expect(passProgress(100e6, first)).toEqual({ message: "10.0 MB of 100 MB", percent: 10 });
  expect(passProgress(100e6, { bytes: 40e6, atMs: 10_000 }, first)).toEqual({
    message: "40.0 MB of 100 MB, 3.0 MB/s, 20 s left",
    percent: 40,
  });
});
