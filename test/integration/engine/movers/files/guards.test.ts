import type { Uploads } from "../../../../../engine/movers/files/uploads";
import { execInContainer } from "../../../../../engine/runtime/docker/exec";
import { base36, directory, FilesWorld, pathOf, timestamp } from "../../../../support/filesWorld";

let world: FilesWorld;

const many = Array.from({ length: 40 }, (_, i) => `File_${i}.png`);

const onBlue = (command: string) => world.onBlue(command);
const onGreen = (command: string) => world.onGreen(command);

/**
 * Follows in this direction from now on, but file-sync starts no pass by itself, so that a test can count its own
 * passes.
 */
async function told(uploads: Uploads, direction: "pull" | "push"): Promise<Uploads> {
  await uploads.follow(direction);
  await onGreen("sed -i s/PAUSED=no/PAUSED=yes/ /state/follow.env");
  return uploads;
}

/** Rows of files whose content is their name, in one statement. */
async function record(names: string[]): Promise<void> {
  const at = timestamp(new Date(Date.now() - 3_600_000));
  await world.pair.blue.run(
    `REPLACE INTO wikidb.image VALUES ${names.map(() => "(?, ?, ?)").join(", ")}`,
    names.flatMap((name) => [name, base36(name), at]),
  );
}

/** Creates many files at once, with their rows. */
async function fill(names: string[]): Promise<void> {
  const script = names
    .map((name) => {
      const path = pathOf(name);
      return `mkdir -p ${path.slice(0, 4)} && printf %s ${name} >${path}`;
    })
    .join("\n");
  await world.onBlue(`set -e; cd ${directory}; ${script}\nchown -R 33:33 .`);
  await record(names);
}

async function count(where: (command: string) => Promise<string>): Promise<number> {
  return Number(await where(`find ${directory} -name 'File_*' | grep -cv wikiferry-replaced; true`));
}

beforeAll(async () => {
  world = await FilesWorld.start();
  await fill(many);
  await world.uploads().authorise();
  await world.uploads().settle("blue");
  await world.onBlue(`mkdir /root/aside && cp -a ${directory}/. /root/aside`);
});

/** Each test starts with the same files and records, and no stopped pass. */
beforeEach(async () => {
  await world.uploads().follow("off");
  await world.onBlue(
    `cd ${directory} && find . -mindepth 1 -maxdepth 1 ! -name .wikiferry-replaced -exec rm -rf {} + && cp -a /root/aside/. .`,
  );
  await onGreen("rm -f /state/held /state/held.paths");
  await world.pair.blue.run("DELETE FROM wikidb.image");
  await record(many);
  await world.pair.blue.run("DELETE FROM wikidb.logging");
});

afterAll(async () => {
  await world?.close();
});

test("a pass that would delete more than the limit changes nothing, pass after pass, until it is allowed by name", async () => {
  const few = await told(world.uploads({ maxDelete: 5 }), "pull");
  await few.sync();
  await world.onBlue(`cd ${directory} && rm -rf [0-3] && echo new >New.txt`);
  const gone = 40 - (await count(onBlue));
  expect(gone).toBeGreaterThan(5);
  for (let attempt = 0; attempt < 2; attempt++) {
    await expect(few.sync()).rejects.toMatchObject({
      code: "FILES_DELETE_HELD",
      found: expect.stringContaining(`${gone} of 41 files would be deleted, such as `),
    });
  }
  expect(await count(onGreen)).toBe(40);
  expect(await onGreen("ls")).not.toContain("New.txt");
  const stopped = await few.lastPass();
  expect(stopped).toMatchObject({ exitCode: 5, wouldDelete: gone });
  await (await told(world.uploads({ maxDelete: 5, allowDelete: "7-00000000" }), "pull"))
    .sync()
    .catch(() => {});
  expect(await count(onGreen)).toBe(40);

  const allowed = await told(world.uploads({ maxDelete: 5, allowDelete: stopped?.held ?? "" }), "pull");
  await allowed.sync();
  expect(await count(onGreen)).toBe(40 - gone);
  // What was deleted is kept outside of what is served.
  expect(Number(await onGreen("find /state/replaced -name 'File_*' | wc -l"))).toBe(gone);
  expect((await allowed.kept()).green).toBeGreaterThan(0);
  // The permission is used up: the same files can't be deleted once more.
  await world.onBlue(`cp -a /root/aside/. ${directory}/`);
  await allowed.sync();
  await world.onBlue(`rm -rf ${directory}/[0-3]`);
  await expect(allowed.sync()).rejects.toThrow(/FILES_DELETE_HELD/);
});

test("a stopped pass continues by itself only when all files are back", async () => {
  const few = await told(world.uploads({ maxDelete: 5 }), "pull");
  await few.sync();
  await world.onBlue(`rm -rf ${directory}/[0-3]`);
  await expect(few.sync()).rejects.toThrow(/FILES_DELETE_HELD/);
  // A source that lacks less now is as suspicious. Passes of named files keep to the limit as well.
  await world.onBlue(`cp -a /root/aside/[0-2] ${directory}/`);
  await expect(few.sync()).rejects.toThrow(/FILES_DELETE_HELD/);
  await expect(few.approach("blue")).rejects.toThrow(/FILES_DELETE_HELD/);
  await world.onBlue(`cp -a /root/aside/. ${directory}/`);
  await few.sync();
  expect(await count(onGreen)).toBe(40);
});

test("a source that has a README in place of 40 files is refused, though they are fewer than the limit", async () => {
  await world.uploads().settle("blue");
  await world.onBlue(`cd ${directory} && rm -rf [0-9a-f] && echo mount me >README`);
  const uploads = await told(world.uploads(), "pull");
  await expect(uploads.sync()).rejects.toThrow(/FILES_DELETE_HELD: .*40 of 41 files would be deleted/);
  await expect(uploads.settle("blue")).rejects.toThrow(
    /FILES_LOST: of 40 files .* 40 are missing .* on blue/,
  );
  await expect(uploads.verify("green")).resolves.toMatchObject({ sameFiles: 40 });
  expect(await count(onGreen)).toBe(40);
  expect(await onGreen("ls")).not.toContain("README");
  expect(await uploads.preflight()).toContainEqual(
    expect.objectContaining({
      code: "FILES_LOST",
      severity: "block",
      found: expect.stringMatching(
        /^of 40 files that MediaWiki has on record 40 are missing \(.*\) on blue$/,
      ),
      remedy: expect.stringContaining("$wgUploadDirectory"),
    }),
  );
});

test("a flip's last pass keeps to the limit, and keeps what it deletes", async () => {
  const few = world.uploads({ maxDelete: 1 });
  // Beside Deleted.png: files without a record.
  await world.upload("Deleted.png", "deleted");
  const folder = pathOf("Deleted.png").slice(0, 5);
  await world.put(`${folder}stray1`, "1");
  await few.settle("blue");
  await world.onBlue(`rm ${directory}/${folder}stray1 ${directory}/${pathOf("Deleted.png")}`);
  await world.pair.blue.run("DELETE FROM wikidb.image WHERE img_name = 'Deleted.png'");
  await world.pair.blue.run(
    "INSERT INTO wikidb.logging (log_type, log_namespace, log_title, log_timestamp, log_params) VALUES ('delete', 6, 'Deleted.png', ?, '')",
    [timestamp()],
  );
  await expect(few.catchUp("blue")).rejects.toThrow(/FILES_DELETE_HELD: .*2 files would be deleted/);
  expect(await onGreen(`cat ${pathOf("Deleted.png")} ${folder}stray1`)).toBe("deleted1");
  await onGreen("sed -i s/MAX_DELETE=1/MAX_DELETE=2/ /state/follow.env");
  expect(await few.catchUp("blue")).toMatchObject({ exitCode: 0, partial: true });
  expect(await onGreen(`ls ${folder} 2>/dev/null; true`)).not.toContain("stray1");
  expect(await onGreen("cat /state/replaced/*/*/*/stray1")).toBe("1");
});

test("what is kept is removed after its time, on either side, and all of it with the way back", async () => {
  const uploads = world.uploads({ keepDays: 2 });
  await world.onBlue(
    `cd ${directory} && mkdir -p .wikiferry-replaced/1 .wikiferry-replaced/2 && touch -d '4 days ago' .wikiferry-replaced/1`,
  );
  await onGreen("mkdir -p /state/replaced/1 /state/replaced/2 && touch -d '4 days ago' /state/replaced/1");
  await uploads.follow("off");
  await uploads.settle("blue");
  await uploads.forgetOld();
  expect(await world.onBlue(`ls ${directory}/.wikiferry-replaced`)).toBe("2\n");
  expect((await onGreen("ls /state/replaced")).split("\n")).toEqual(expect.not.arrayContaining(["1"]));
  expect(await onGreen("ls -d /state/replaced/2")).toBe("/state/replaced/2\n");
});

test("a check reports separately what it found, what it repaired and what blue itself lacks", async () => {
  const uploads = world.uploads();
  await uploads.settle("blue");
  await uploads.follow("off");
  await world.record("Lost_long_ago.png", base36("lost"), new Date(0));
  await world.put(pathOf("Empty.png"), "");
  await world.record("Empty.png", base36("had content"), new Date(0));
  await world.upload("Nothing_in_it.txt", "", new Date(0));
  await world.put(pathOf("No_hash.png"), "no hash");
  await world.record("No_hash.png", "", new Date(0));
  await world.put(pathOf("Empty_no_hash.png"), "");
  await world.record("Empty_no_hash.png", "", new Date(0));
  await world.pair.blue.run("UPDATE wikidb.image SET img_size = 7 WHERE img_name = 'Empty_no_hash.png'");
  await uploads.settle("blue");
  await onGreen(
    `rm ${pathOf("File_1.png")} && printf x >>${pathOf("File_2.png")} && printf y >>${pathOf("No_hash.png")}`,
  );
  const comparison = await uploads.verify("green");
  expect(comparison).toMatchObject({
    recorded: 45,
    sameFiles: 42,
    withoutHash: 1,
    found: {
      missing: [pathOf("File_1.png")],
      different: [pathOf("File_2.png"), pathOf("No_hash.png")],
    },
    missing: [],
    different: [],
    brokenAtSource: {
      missing: [pathOf("Lost_long_ago.png")],
      empty: expect.arrayContaining([pathOf("Empty.png"), pathOf("Empty_no_hash.png")]),
      different: [],
    },
  });
  expect(comparison.mended).toHaveLength(3);
  expect(await onGreen(`cat ${pathOf("No_hash.png")}`)).toBe("no hash");
  expect((await uploads.preflight()).find(({ code }) => code === "FILES_LOST")).toMatchObject({
    severity: "pass",
    found: `on blue 44 of 45 files that MediaWiki has on record are there, 1 is missing (${pathOf("Lost_long_ago.png")})`,
  });
  const told = world.progress.at(-1)?.message;
  expect(told).toContain("42 of 45 files are equal");
  expect(told).toContain("found 1 missing and 2 different");
  expect(told).toContain("copied 3 of them again");
  expect(told).toContain("on blue already 1 is missing");
  expect(await uploads.lastComparison()).toMatchObject({ told });
});

test("a link to files that are not copied is refused by name, one to thumbnails is left alone", async () => {
  const uploads = world.uploads();
  await world.onBlue(
    `mkdir -p /root/elsewhere && cd ${directory} && ln -s /root/elsewhere thumb && mv 0 /root/zero && ln -s /root/zero 0`,
  );
  const finding = (await uploads.preflight()).find(({ severity }) => severity === "block");
  expect(finding).toMatchObject({ code: "FILES_LINKS", found: expect.stringContaining("0 -> /root/zero") });
  await expect(uploads.settle("blue")).rejects.toThrow(/FILES_LINKS: 1 symbolic links .*0 -> \/root\/zero/);
  await expect(uploads.verify("green")).rejects.toThrow(/FILES_LINKS/);
  // File-sync itself creates no broken link, and does not delete the files.
  await (await told(uploads, "pull")).sync();
  expect(await onGreen("find . -type l")).toBe("");
  expect(await onGreen("ls")).not.toContain("thumb");
  expect(await count(onGreen)).toBe(40);
});

test("blue's owners and modes stay: new files get the owner of most files", async () => {
  await world.onBlue(
    `cd ${directory} && chown -R 48:1001 . && find . -type d -exec chmod 2775 {} + && find . -type f -exec chmod 664 {} + && chown 1002:1003 ${pathOf("File_3.png")} && chmod 640 ${pathOf("File_3.png")} && chown 1002:1003 f && chmod 711 f`,
  );
  const uploads = world.uploads();
  await uploads.authorise();
  await uploads.settle("blue");
  // Green's web server can read and write all of it.
  expect(await onGreen("find . ! -readable -o ! -writable | grep -v '^./$'; true")).toBe("");
  await onGreen(
    `mkdir -p q/q1 && printf green >q/q1/New.png && printf replaced >${pathOf("File_4.png")} && rm ${pathOf("File_5.png")}`,
  );
  await world.pair.blue.run("DELETE FROM wikidb.image WHERE img_name IN ('File_4.png', 'File_5.png')");
  await uploads.settle("green");
  const stat = (paths: string) => world.onBlue(`cd ${directory} && stat -c '%u:%g %a' ${paths}`);
  expect(await stat(`q q/q1 q/q1/New.png ${pathOf("File_4.png")}`)).toBe(
    "48:1001 2775\n48:1001 2775\n48:1001 664\n48:1001 664\n",
  );
  expect(await stat(`${pathOf("File_3.png")} f`)).toBe("1002:1003 640\n1002:1003 2711\n");
  expect((await stat(many.slice(6).map(pathOf).join(" "))).trim().split("\n")).toEqual(
    Array(34).fill("48:1001 664"),
  );
  // A flip's last pass likewise.
  await onGreen("mkdir -p q/q2 && printf late >q/q2/Late.png");
  await world.record("Late.png", base36("late"));
  await onGreen(`mkdir -p ${pathOf("Late.png").slice(0, 4)} && printf late >${pathOf("Late.png")}`);
  await uploads.approach("green");
  await uploads.catchUp("green");
  uploads.letGo();
  expect(await stat(pathOf("Late.png"))).toBe("48:1001 664\n");
  // Blue's web server overwrites and deletes.
  await world.onBlue(
    `cd ${directory} && setpriv --reuid 48 --regid 48 --clear-groups sh -c 'echo x >q/q1/New.png && rm q/q1/New.png ${pathOf("File_4.png")} && mkdir q/q3'`,
  );
  await world.onBlue(`cat ${directory}/.wikiferry-replaced/*/${pathOf("File_5.png")}`);
});

test("the upload directory may be a link itself: both ways, and its links into elsewhere stay blue's", async () => {
  await world.onBlue(
    `mkdir -p /root/thumbs /root/locks && cd ${directory} && ln -s /root/thumbs thumb && ln -s /root/locks lockdir && ln -sfn ${directory} /srv/linked`,
  );
  const linked = world.uploads({}, "/srv/linked");
  expect((await linked.preflight()).filter(({ severity }) => severity !== "pass")).toEqual([]);
  await linked.authorise();
  await linked.settle("blue");
  expect(await linked.verify("green")).toMatchObject({
    sameFiles: 40,
    found: { missing: [], different: [] },
  });
  await onGreen(
    `printf again >${pathOf("File_1.png")} && rm ${pathOf("File_2.png")} && mkdir -p thumb lockdir`,
  );
  await world.pair.blue.run("DELETE FROM wikidb.image WHERE img_name IN ('File_1.png', 'File_2.png')");
  await linked.settle("green");
  expect(await world.onBlue(`cat /srv/linked/${pathOf("File_1.png")}`)).toBe("again");
  expect(await count(onBlue)).toBe(39);
  expect(await world.onBlue("cd /srv/linked && readlink thumb lockdir; readlink /srv/linked")).toBe(
    `/root/thumbs\n/root/locks\n${directory}\n`,
  );
  await world.uploads().authorise();
});

test("an archive that is a link into elsewhere is refused by name: its files would be a broken link on green", async () => {
  await world.onBlue(`mkdir -p /root/archive && ln -s /root/archive ${directory}/archive`);
  expect(await world.uploads().preflight()).toContainEqual(
    expect.objectContaining({
      code: "FILES_LINKS",
      severity: "block",
      found: expect.stringContaining("archive -> /root/archive"),
      remedy: expect.stringContaining("mount --bind"),
    }),
  );
});

test("no thumbnail of a replaced or deleted file stays on either side; those of other files do", async () => {
  const [same, replaced, deleted] = ["File_30.png", "File_31.png", "File_32.png"].map(pathOf) as [
    string,
    string,
    string,
  ];
  const thumbs = [same, replaced, deleted].map((path) => `thumb/${path}`).join(" ");
  const make = `mkdir -p ${thumbs} && for t in ${thumbs}; do echo old >$t/20px-x.png; done`;
  const left = `cd ${directory} && for t in ${thumbs}; do [ ! -e $t/20px-x.png ] || echo $t; done`;
  const uploads = await told(world.uploads(), "pull");
  await uploads.sync();
  await onGreen(make);
  await world.onBlue(`cd ${directory} && printf new >${replaced} && rm ${deleted}`);
  await uploads.sync();
  expect(await onGreen(left)).toBe(`thumb/${same}\n`);

  // And back. Blue's thumbnails lie elsewhere, by a link.
  await world.onBlue(
    `cp -a /root/aside/. ${directory}/ && rm -rf /root/thumbs && mkdir /root/thumbs && cd ${directory} && ln -s /root/thumbs thumb && ${make}`,
  );
  await uploads.sync();
  await onGreen(`printf newer >${replaced} && rm ${deleted}`);
  await world.pair.blue.run("DELETE FROM wikidb.image WHERE img_name IN ('File_31.png', 'File_32.png')");
  await uploads.settle("green");
  await uploads.approach("green");
  await uploads.resume("blue");
  expect(await onBlue(left)).toBe(`thumb/${same}\n`);
});

test("file-sync reads its settings as data, and executes nothing in them", async () => {
  const hostile = [
    "DIRECTION=pull; touch /state/hacked",
    "DIRECTION=$(touch /state/hacked)",
    "REMOTE=root@x `touch /state/hacked`",
    "REMOTE=-oProxyCommand=touch",
    "PORT=22 -o ProxyCommand=touch",
    "REMOTE_PATH=/srv/uploads'; touch /state/hacked; '",
    "MAX_DELETE=a[$(touch /state/hacked)]",
    "PARALLEL=4; touch /state/hacked",
    "ALLOW_DELETE=$(touch /state/hacked)",
    "PORT=8\ntouch /state/hacked\nPATH=/state\nDIRECTION=",
  ];
  const one =
    'printf "DIRECTION=pull\\nREMOTE=root@nowhere\\n%b\\n" "$1" >/state/follow.env; sync-now 2>/dev/null; shift';
  const all = `while [ $# -gt 0 ]; do ${one}; done; ls /state`;
  const { stdout } = await execInContainer(world.fileSync, ["sh", "-c", all, "sh", ...hostile], world.pool);
  const lines = stdout.trim().split("\n");
  const passes = lines.slice(0, hostile.length).map((line) => JSON.parse(line));
  for (const [i, pass] of passes.entries()) {
    expect(pass.exitCode).toBe(3);
    if (i < hostile.length - 1) expect(pass.stderr).toContain(`'${hostile[i]?.split("=")[0]}' can't be`);
  }
  expect(lines.slice(hostile.length)).not.toContain("hacked");
});
