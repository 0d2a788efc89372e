import { createHash, randomBytes } from "node:crypto";
import { execInContainer, runInContainer } from "../../engine/docker/exec";
import { Uploads } from "../../engine/files/uploads";
import type { ContainerRef, MoveSpec, SshTarget } from "../../engine/move";
import type { ProgressEvent } from "../../engine/progress";
import { freshKey } from "../../engine/ssh/freshKey";
import { SshPool } from "../../engine/ssh/pool";
import { DockerWorld, type RunningContainer } from "../support/dockerWorld";
import { testImage } from "../support/image";
import { type Pair, startPair } from "../support/mariadb";
import { until } from "../support/until";

const world = new DockerWorld();
const operator = freshKey();
const host = freshKey();
const pool = new SshPool(operator.private);
const directory = "/srv/uploads";
let pair: Pair;
let files: RunningContainer;
let courier: ContainerRef;
let ssh: SshTarget;
let spec: MoveSpec;
let uploads: Uploads;
const progress: ProgressEvent[] = [];

const names = [
  "Plain.png",
  "With_spaces and 'quotes' and \"more\".png",
  "Smile_😀_日本.png",
  "-leading_dash.png",
  "#hash;semi$(id)`x`.png",
];

async function onBlue(command: string, stdin?: string): Promise<string> {
  return (await pool.to(ssh)).run(command, stdin);
}

function pathOf(name: string): string {
  const md5 = createHash("md5").update(name).digest("hex");
  return `${md5[0]}/${md5.slice(0, 2)}/${name}`;
}

function base36(content: string): string {
  const hex = createHash("sha1").update(content).digest("hex");
  return BigInt(`0x${hex}`).toString(36).padStart(31, "0");
}

async function put(path: string, content: string): Promise<void> {
  const quoted = `'${path.replaceAll("'", "'\\''")}'`;
  await onBlue(
    `cd ${directory} && mkdir -p "$(dirname -- ${quoted})" && cat >${quoted} && chown -R 33:33 .`,
    content,
  );
}

/** An upload as MediaWiki makes one: the file, its row and the log's. */
async function upload(name: string, content: string, at = new Date()): Promise<void> {
  await put(pathOf(name), content);
  const time = at.toISOString().replace(/\D/g, "").slice(0, 14);
  await pair.blue.run("REPLACE INTO wikidb.image VALUES (?, ?, ?)", [name, base36(content), time]);
  await pair.blue.run(
    "INSERT INTO wikidb.logging (log_type, log_namespace, log_title, log_timestamp, log_params) VALUES ('upload', 6, ?, ?, '')",
    [name, time],
  );
}

beforeAll(async () => {
  pair = await startPair();
  for (const table of [
    "image (img_name varbinary(255) PRIMARY KEY, img_sha1 varbinary(32), img_timestamp binary(14))",
    "oldimage (oi_name varbinary(255), oi_archive_name varbinary(255), oi_sha1 varbinary(32), oi_timestamp binary(14), oi_deleted tinyint)",
    "filearchive (fa_name varbinary(255), fa_storage_key varbinary(64), fa_deleted_timestamp binary(14))",
    "logging (log_id int AUTO_INCREMENT PRIMARY KEY, log_type varbinary(32), log_namespace int, log_title varbinary(255), log_timestamp binary(14), log_params blob)",
  ])
    await pair.blue.run(`CREATE TABLE wikidb.${table}`);

  const network = await world.network();
  files = await world.run(
    "files",
    await testImage("blue-files"),
    { HostConfig: { NetworkMode: network.name, Binds: ["/var/run/docker.sock:/var/run/docker.sock"] } },
    [22],
    [
      { path: "/root/.ssh/authorized_keys", content: `${operator.public}\n` },
      { path: "/etc/ssh/ssh_host_ed25519_key", content: `${host.private}\n` },
    ],
  );
  ssh = { host: "127.0.0.1", port: await files.port(22), user: "root", hostKey: host.public };
  await until("ssh", async () => {
    await pool.to(ssh);
    return true;
  });
  const running = await world.run("courier", await testImage("courier"), {
    HostConfig: {
      NetworkMode: network.name,
      ReadonlyRootfs: true,
      Tmpfs: { "/tmp": "" },
      SecurityOpt: ["no-new-privileges"],
      CapDrop: ["ALL"],
    },
  });
  courier = { container: running.name };
  spec = {
    ...pair.spec,
    blue: { ...pair.spec.blue, files: { ssh, directory, address: { host: files.name, port: 22 } } },
    green: { ...pair.spec.green, courier: { ...courier, directory } },
  };
  // Both sides' records are blue's here: the databases follow each other in tests of their own.
  const move = {
    spec,
    pool,
    blue: pair.blue,
    green: pair.blue,
    report: (event: ProgressEvent) => progress.push(event),
  };
  uploads = new Uploads(move);
  for (const name of names) await upload(name, `content of ${name}`, new Date(Date.now() - 3_600_000));
  await put("Name with\nnewline.txt", "not MediaWiki's");
  await put("thumb/0/00/Plain.png/20px-Plain.png", "thumbnail");
});

afterAll(async () => {
  await pool.close();
  await world.close();
  await pair?.stop();
});

async function onGreen(command: string): Promise<string> {
  return runInContainer(courier, ["sh", "-c", `cd ${directory} && ${command}`], pool);
}

test("preflight finds directory, rsync and room", async () => {
  const findings = await uploads.preflight();
  expect(findings.map(({ code, severity }) => `${code} ${severity}`)).toEqual([
    "FILES_DIRECTORY pass",
    "FILES_RSYNC pass",
    "FILES_DISK_SPACE pass",
  ]);
  const elsewhere = {
    ...spec,
    blue: { ...spec.blue, files: { ...spec.blue.files, directory: "/no/where" } },
  };
  const missing = new Uploads({ spec: elsewhere, pool, blue: pair.blue, green: pair.blue });
  expect(await missing.preflight()).toMatchObject([{ code: "FILES_DIRECTORY", severity: "block" }]);
});

test("the courier's key is authorised once, for the uploads alone", async () => {
  await uploads.authorise();
  await uploads.authorise();
  const keys = await onBlue("cat /root/.ssh/authorized_keys");
  expect(keys.match(/wikiferry-courier$/gm)).toHaveLength(1);
  expect(keys).toContain(operator.public.split(" ")[1]);
  const base = `ssh -F none -i /state/ssh/id_ed25519 -o BatchMode=yes -o UserKnownHostsFile=/state/ssh/known_hosts root@${files.name}`;
  for (const command of [
    "id",
    "cat /etc/passwd",
    "rsync --server --sender -logDtpre.iLsfxCIvu . /etc/",
    `rsync --server -logDtpre.iLsfxCIvu --log-file=/etc/x . ${directory}/`,
    `rsync --server . ${directory}/; id; true . ${directory}/`,
  ]) {
    const refused = await execInContainer(courier, ["sh", "-c", `${base} "$1"`, "sh", command], pool);
    expect([command, refused.exitCode, refused.stderr.trim(), refused.stdout]).toEqual([
      command,
      1,
      "wikiferry-courier: refused",
      "",
    ]);
  }
});

test("the first round carries every file whatever its name, and no thumbnail", async () => {
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

test("catching up carries what changed and nothing else", async () => {
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
  const round = await uploads.catchUp("blue");
  expect(round).toMatchObject({ exitCode: 0, filesSent: 4, partial: true });
  expect(await uploads.verify("green")).toMatchObject({ sameFiles: names.length + 3, brokenAtSource: [] });
});

test("a flip's last round carries only what came after the round before, and is ready before it is known", async () => {
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

  // Nothing of an earlier record is carried: nobody but MediaWiki's records tells what changed.
  await put(pathOf("In_flight.png"), "without a record");
  await upload("Last.png", "last");
  expect(await uploads.catchUp("blue")).toMatchObject({ filesSent: 1 });
  expect(await onGreen(`cat '${pathOf("In_flight.png")}'`)).toBe("in flight");
  await put(pathOf("In_flight.png"), "in flight");
  await uploads.settle("blue");
});

test("what a deleted file leaves behind goes with the last round", async () => {
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
  // A file that is hidden moves only after its record is there.
  expect(await uploads.catchUp("blue")).toMatchObject({ exitCode: 0, filesSent: 0 });
  // Once no request that began then can still run, the record has nothing left to do.
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
  // MediaWiki's timestamps are whole seconds: what the test before did must lie in an earlier one.
  await new Promise((resolve) => setTimeout(resolve, 1_100));
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

test("a file that was damaged on green is mended, one that blue lost itself is told apart", async () => {
  await onGreen(`printf damaged >'${pathOf("Late.png")}'`);
  await pair.blue.run("INSERT INTO wikidb.image VALUES ('Lost_long_ago.png', ?, '20200101000000')", [
    base36("lost"),
  ]);
  const comparison = await uploads.verify("green");
  expect(comparison).toMatchObject({
    missing: [],
    different: [],
    brokenAtSource: [pathOf("Lost_long_ago.png")],
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

test("following carries by itself what appears and takes away what disappears", async () => {
  await upload("Followed.png", "followed");
  await put("Extra.txt", "to be deleted");
  await uploads.follow("pull");
  await until("followed", async () => (await onGreen("ls Extra.txt 2>&1; true")).trim() === "Extra.txt");
  await onBlue(`rm ${directory}/Extra.txt`);
  await until("deleted", async () => (await onGreen("ls Extra.txt 2>/dev/null; true")).trim() === "");
  expect(await onGreen(`cat '${pathOf("Followed.png")}'`)).toBe("followed");
});

test("the way back carries to blue, and keeps what it replaces there", async () => {
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
  await expect(uploads.settle("blue")).rejects.toThrow(/FILES_SYNC: .*exit code 4: .*empty/);
  expect(await onGreen(`cat '${pathOf("Late.png")}'`)).toBe("late");
});

test("a host that shows another key is not trusted", async () => {
  const stranger = freshKey();
  const files = { ...spec.blue.files };
  const line = `${files.address.host} ${stranger.public}\n`;
  await runInContainer(courier, ["sh", "-c", "cat >/state/ssh/known_hosts; rm -f /tmp/courier-*"], pool, {
    stdin: line,
  });
  await expect(uploads.settle("blue")).rejects.toThrow(/FILES_SYNC: .*exit code 255/);
});

test("retiring takes the courier's key away and leaves the operator's", async () => {
  await uploads.retire();
  const keys = await onBlue("cat /root/.ssh/authorized_keys");
  expect(keys.trim()).toBe(operator.public.trim());
  expect(await uploads.direction()).toBe("off");
});

test("a container of an SSH host's Docker engine is reached through that host", async () => {
  const block = randomBytes(3_000_000);
  const result = await execInContainer({ ...courier, dockerVia: ssh }, ["sha1sum"], pool, { stdin: block });
  expect(result).toMatchObject({
    exitCode: 0,
    stdout: `${createHash("sha1").update(block).digest("hex")}  -\n`,
  });
  await expect(
    execInContainer({ container: "wikiferry-no-such", dockerVia: ssh }, ["true"], pool),
  ).rejects.toMatchObject({ code: "CONTAINER_MISSING" });
});
