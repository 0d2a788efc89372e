import { createHash, randomBytes } from "node:crypto";
import type { ContainerRef, MoveSpec, SshTarget } from "../../../../../engine/move";
import { Uploads } from "../../../../../engine/movers/files/uploads";
import type { ProgressEvent } from "../../../../../engine/progress";
import { execInContainer, runInContainer } from "../../../../../engine/runtime/docker/exec";
import { freshKey } from "../../../../../engine/runtime/ssh/freshKey";
import type { SshPool } from "../../../../../engine/runtime/ssh/pool";
import { base36, directory, FilesWorld, pathOf } from "../../../../support/filesWorld";
import type { Pair } from "../../../../support/mariadb";
import { until } from "../../../../support/until";

let world: FilesWorld;
let pool: SshPool;
let pair: Pair;
let fileSync: ContainerRef;
let ssh: SshTarget;
let spec: MoveSpec;
let uploads: Uploads;
let progress: ProgressEvent[];

const names = [
  "Plain.png",
  "With_spaces and 'quotes' and \"more\".png",
  "Smile_😀_日本.png",
  "-leading_dash.png",
  "#hash;semi$(id)`x`.png",
];

const onBlue = (command: string, stdin?: string) => world.onBlue(command, stdin);
const onGreen = (command: string) => world.onGreen(command);
const put = (path: string, content: string) => world.put(path, content);
const upload = (name: string, content: string, at?: Date) => world.upload(name, content, at);

beforeAll(async () => {
  world = await FilesWorld.start();
  ({ pool, pair, fileSync, ssh, spec, progress } = world);
  uploads = world.uploads();
  for (const name of names) await upload(name, `content of ${name}`, new Date(Date.now() - 3_600_000));
  await put("Name with\nnewline.txt", "not MediaWiki's");
  await put("thumb/0/00/Plain.png/20px-Plain.png", "thumbnail");
});

afterAll(async () => {
  await world?.close();
});

test("preflight finds directory, rsync and free space", async () => {
  const findings = await uploads.preflight();
  expect(findings.map(({ code, severity }) => `${code} ${severity}`)).toEqual([
    "FILES_DIRECTORY pass",
    "FILES_RSYNC pass",
    "FILES_DISK_SPACE pass",
    "FILES_LOST pass",
    "FILES_OWNER pass",
  ]);
  const elsewhere = {
    ...spec,
    blue: { ...spec.blue, files: { ...spec.blue.files, directory: "/no/where" } },
  };
  const missing = new Uploads({ spec: elsewhere, pool, blue: pair.blue, green: pair.blue });
  expect(await missing.preflight()).toMatchObject([{ code: "FILES_DIRECTORY", severity: "block" }]);
});

test("file-sync's key is authorised once, for the uploads only", async () => {
  await uploads.authorise();
  await uploads.authorise();
  const keys = await onBlue("cat /root/.ssh/authorized_keys");
  expect(keys.match(/wikiferry-file-sync$/gm)).toHaveLength(1);
  expect(keys).toContain(world.operator.public.split(" ")[1]);
  const base = `ssh -F none -i /state/ssh/id_ed25519 -o BatchMode=yes -o UserKnownHostsFile=/state/ssh/known_hosts root@${spec.blue.files.address.host}`;
  for (const command of [
    "id",
    "cat /etc/passwd",
    "rsync --server --sender -logDtpre.iLsfxCIvu . /etc/",
    `rsync --server -logDtpre.iLsfxCIvu --log-file=/etc/x . ${directory}/`,
    `rsync --server . ${directory}/; id; true . ${directory}/`,
  ]) {
    const refused = await execInContainer(fileSync, ["sh", "-c", `${base} "$1"`, "sh", command], pool);
    expect([command, refused.exitCode, refused.stderr.trim(), refused.stdout]).toEqual([
      command,
      1,
      "wikiferry-file-sync: refused",
      "",
    ]);
  }
});

test("the first pass copies every file whatever its name, and no thumbnail", async () => {
  await uploads.follow("off");
  await uploads.settle("blue");
  for (const name of names)
    expect(await onGreen(`cat -- '${pathOf(name).replaceAll("'", "'\\''")}'`)).toBe(`content of ${name}`);
  expect(await onGreen("cat 'Name with\nnewline.txt'")).toBe("not MediaWiki's");
  expect(await onGreen("ls")).not.toContain("thumb");
  expect(progress.at(-1)).toMatchObject({ step: "uploads", percent: 100 });
  const comparison = await uploads.verify("green");
  expect(comparison).toMatchObject({ sameFiles: names.length, missing: [], different: [] });
  expect(comparison.extra).toEqual(["Name with\nnewline.txt"]);
});

test("catching up copies what changed and nothing else", async () => {
  await upload("Late.png", "late");
  await upload("Plain.png", "second version");
  await put(`archive/${pathOf("Plain.png").slice(0, 5)}20260101000000!Plain.png`, "content of Plain.png");
  await pair.blue.run(
    "INSERT INTO wikidb.oldimage VALUES ('Plain.png', '20260101000000!Plain.png', ?, '20260101000000', 0)",
    [base36("content of Plain.png")],
  );
  const key = `${base36("gone")}.png`;
  await put(`deleted/${key[0]}/${key[1]}/${key[2]}/${key}`, "gone");
  await pair.blue.run("INSERT INTO wikidb.filearchive VALUES ('Gone.png', ?, ?)", [
    key,
    new Date().toISOString().replace(/\D/g, "").slice(0, 14),
  ]);
  const pass = await uploads.catchUp("blue");
  expect(pass).toMatchObject({ exitCode: 0, filesSent: 4, partial: true });
  expect(await uploads.verify("green")).toMatchObject({
    sameFiles: names.length + 3,
    brokenAtSource: { missing: [] },
  });
});

test("a flip's last pass copies only what came after the previous pass, and is prepared before that is known", async () => {
  await pair.blue.run("DELETE FROM wikidb.filearchive");
  await uploads.settle("blue");
  await uploads.approach("blue");
  expect(await uploads.catchUp("blue")).toBeUndefined();

  await upload("Before_hold.png", "before");
  await uploads.approach("blue");
  await upload("In_flight.png", "in flight");
  expect(await uploads.catchUp("blue")).toMatchObject({ exitCode: 0, filesSent: 1, partial: true });
  expect(await onGreen(`cat '${pathOf("Before_hold.png")}' '${pathOf("In_flight.png")}'`)).toBe(
    "beforein flight",
  );

  // Nothing of an earlier record is copied: only MediaWiki's records tell what changed.
  await put(pathOf("In_flight.png"), "without a record");
  await upload("Last.png", "last");
  expect(await uploads.catchUp("blue")).toMatchObject({ filesSent: 1 });
  expect(await onGreen(`cat '${pathOf("In_flight.png")}'`)).toBe("in flight");
  await put(pathOf("In_flight.png"), "in flight");
  await uploads.settle("blue");
});

test("what a deleted file leaves behind is removed by the last pass", async () => {
  await upload("Deleted.png", "deleted");
  await upload("Deleted_too.png", "deleted too");
  await uploads.settle("blue");
  await onBlue(`rm ${directory}/${pathOf("Deleted.png")}`);
  await pair.blue.run("DELETE FROM wikidb.image WHERE img_name = 'Deleted.png'");
  await pair.blue.run(
    "INSERT INTO wikidb.logging (log_type, log_namespace, log_title, log_timestamp, log_params) VALUES ('delete', 6, 'Deleted.png', ?, '')",
    [new Date().toISOString().replace(/\D/g, "").slice(0, 14)],
  );
  expect(await uploads.catchUp("blue")).toMatchObject({ exitCode: 0, filesDeleted: 1, partial: true });
  expect(
    await onGreen(`ls '${pathOf("Deleted.png")}' 2>/dev/null || cat '${pathOf("Deleted_too.png")}'`),
  ).toBe("deleted too");
  // A file that is hidden moves only after its record exists.
  expect(await uploads.catchUp("blue")).toMatchObject({ exitCode: 0, filesSent: 0 });
  // Once no request that started then can still run, the record has nothing left to do.
  await pair.blue.run(
    "UPDATE wikidb.logging SET log_timestamp = DATE_FORMAT(UTC_TIMESTAMP - INTERVAL 3 MINUTE, '%Y%m%d%H%i%s') WHERE log_type = 'delete'",
  );
  expect(await uploads.catchUp("blue")).toBeUndefined();
  await pair.blue.run("DELETE FROM wikidb.logging WHERE log_type = 'delete'");
  await pair.blue.run("DELETE FROM wikidb.image WHERE img_name LIKE 'Deleted%'");
  await onBlue(`rm ${directory}/${pathOf("Deleted_too.png")}`);
  await uploads.settle("blue");
});

test("a move in the log names the old and the new file", async () => {
  // MediaWiki's timestamps are whole seconds, so what the previous test did must be in an earlier one.
  const second = () => Math.floor(Date.now() / 1000);
  const before = second();
  await until("the next second", async () => second() > before);
  const since = Date.now();
  const time = new Date().toISOString().replace(/\D/g, "").slice(0, 14);
  await pair.blue.run(
    "INSERT INTO wikidb.logging (log_type, log_namespace, log_title, log_timestamp, log_params) VALUES ('move', 6, 'Old_name.png', ?, ?)",
    [time, 'a:2:{s:9:"4::target";s:18:"File:New "x" é.png";s:10:"5::noredir";s:1:"1";}'],
  );
  expect([...(await uploads.events("blue", since)).values()]).toEqual([
    { names: ["Old_name.png", 'New_"x"_é.png'], removes: true, atMs: Math.floor(since / 1000) * 1000 },
  ]);
});

test("a file that was damaged on green is repaired, one that blue itself lost is reported separately", async () => {
  await onGreen(`printf damaged >'${pathOf("Late.png")}'`);
  await pair.blue.run("INSERT INTO wikidb.image VALUES ('Lost_long_ago.png', ?, '20200101000000')", [
    base36("lost"),
  ]);
  const comparison = await uploads.verify("green");
  expect(comparison).toMatchObject({
    found: { missing: [], different: [pathOf("Late.png")] },
    mended: [pathOf("Late.png")],
    missing: [],
    different: [],
    brokenAtSource: { missing: [pathOf("Lost_long_ago.png")], empty: [], different: [] },
  });
  expect(await onGreen(`cat '${pathOf("Late.png")}'`)).toBe("late");
});

test("a file that stays wrong stops the move", async () => {
  await uploads.follow("off");
  await onGreen(`printf wrong >'${pathOf("Late.png")}'`);
  await expect(uploads.verify("green")).rejects.toThrow(
    /FILES_MISMATCH: on green 0 uploads are missing and 1 differ/,
  );
  await uploads.settle("blue");
  await uploads.verify("green");
});

test("following copies what appears and removes what disappears, by itself", async () => {
  await upload("Followed.png", "followed");
  await put("Extra.txt", "to be deleted");
  await uploads.follow("pull");
  await until("followed", async () => (await onGreen("ls Extra.txt 2>&1; true")).trim() === "Extra.txt");
  await onBlue(`rm ${directory}/Extra.txt`);
  await until("deleted", async () => (await onGreen("ls Extra.txt 2>/dev/null; true")).trim() === "");
  expect(await onGreen(`cat '${pathOf("Followed.png")}'`)).toBe("followed");
});

test("the way back copies to blue, and keeps what it replaces there", async () => {
  await uploads.settle("blue");
  await onGreen(`mkdir -p "$(dirname '${pathOf("Green.png")}')" && printf green >'${pathOf("Green.png")}'`);
  await onGreen(`printf 'third version' >'${pathOf("Plain.png")}'`);
  await onGreen("rm 'Name with\nnewline.txt'");
  await uploads.settle("green");
  expect(await onBlue(`cat '${directory}/${pathOf("Green.png")}'`)).toBe("green");
  expect(await onBlue(`cat '${directory}/${pathOf("Plain.png")}'`)).toBe("third version");
  expect(await onBlue(`stat -c %u:%g '${directory}/${pathOf("Green.png")}'`)).toBe("33:33\n");
  const kept = await onBlue(`cat ${directory}/.wikiferry-replaced/*/'${pathOf("Plain.png")}'`);
  expect(kept).toBe("second version");
  expect(await onBlue(`cat ${directory}/.wikiferry-replaced/*/Name*`)).toBe("not MediaWiki's");
});

test("an empty source deletes nothing", async () => {
  await onBlue(`mv ${directory}/* /root/ && mv ${directory}/.wikiferry-replaced /root/`);
  await expect(uploads.settle("blue")).rejects.toThrow(/FILES_LOST: /);
  await uploads.follow("pull");
  await expect(uploads.sync()).rejects.toThrow(/FILES_SYNC: .*exit code 4: .*empty/);
  expect(await onGreen(`cat '${pathOf("Late.png")}'`)).toBe("late");
});

test("a host that shows a different key is not trusted", async () => {
  const stranger = freshKey();
  const files = { ...spec.blue.files };
  const line = `${files.address.host} ${stranger.public}\n`;
  await runInContainer(fileSync, ["sh", "-c", "cat >/state/ssh/known_hosts; rm -f /tmp/file-sync-*"], pool, {
    stdin: line,
  });
  await expect(uploads.sync()).rejects.toThrow(/FILES_SYNC: .*exit code 255/);
});

test("retiring removes file-sync's key and leaves the operator's; what green keeps is removed on request, and blue's stays", async () => {
  await onBlue(
    `mkdir -p ${directory}/.wikiferry-replaced/1 && echo kept >${directory}/.wikiferry-replaced/1/file`,
  );
  expect((await uploads.kept()).green).toBeGreaterThan(0);
  await uploads.retire();
  const keys = await onBlue("cat /root/.ssh/authorized_keys");
  expect(keys.trim()).toBe(world.operator.public.trim());
  expect(await uploads.direction()).toBe("off");
  await uploads.forgetKeptOnGreen();
  const kept = await uploads.kept();
  expect(kept.green).toBe(0);
  expect(kept.blue).toBeGreaterThan(0);
});

test("a container of an SSH host's Docker engine is reached through that host", async () => {
  const block = randomBytes(3_000_000);
  const result = await execInContainer({ ...fileSync, dockerVia: ssh }, ["sha1sum"], pool, { stdin: block });
  expect(result).toMatchObject({
    exitCode: 0,
    stdout: `${createHash("sha1").update(block).digest("hex")}  -\n`,
  });
  await expect(
    execInContainer({ container: "wikiferry-no-such", dockerVia: ssh }, ["true"], pool),
  ).rejects.toMatchObject({ code: "CONTAINER_MISSING" });
});
