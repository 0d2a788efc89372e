import { once } from "node:events";
import { type ClientRequest, request } from "node:http";
import { hardened } from "../../../components/container";
import { webLimits } from "../../../components/limits";
import type { Secrets } from "../../../engine/move";
import { silent } from "../../../engine/progress";
import { handler as processLimit } from "../../../engine/resources/processLimit";
import { handler as secretFiles } from "../../../engine/resources/secretFiles";
import { fingerprintOf, secretContents } from "../../../engine/resources/secretSources";
import { execInContainer } from "../../../engine/runtime/docker/exec";
import { readVolumeFiles, writeVolumeFiles } from "../../../engine/runtime/docker/volumeFiles";
import { openSession } from "../../../engine/session";
import { createOptions } from "../../../plugins/docker/containerOptions";
import { webUid } from "../../../scripts/lab/secretFiles";
import { DockerWorld, type RunningContainer } from "../../support/dockerWorld";
import { testImage } from "../../support/image";
import { until } from "../../support/until";

const uploads = { count: 10, bytes: 48 << 20 };
const memoryMb = 448;

const world = new DockerWorld();
const secrets: Secrets = {
  sshPrivateKey: "",
  blueAdminPassword: "blue-admin-7f21",
  appPassword: "app-password-5d0c",
  wikiSecretKey: "wiki-secret-key-91ab",
  masterSecret: "0123456789abcdef0123456789abcdef",
};
const files = {
  "database-password": { secret: "appPassword" },
  "secret-key": { secret: "wikiSecretKey" },
  "redis-password": { derived: "redis" },
  "settings.php": { text: "" },
} as const;

const session = openSession({ dockerVia: undefined }, secrets, silent);
let image: string;
let volume: string;
let web: RunningContainer;

const inWeb = async (script: string) =>
  (await execInContainer({ container: web.name }, ["sh", "-c", script], session.pool)).stdout.trim();

beforeAll(async () => {
  image = await testImage("mediawiki");
  volume = await world.volume("secrets");
  const fingerprint = fingerprintOf(await secretContents(files, secrets), secrets);
  await secretFiles.create(session, { volume, image, owner: webUid, files, fingerprint });
  const limits = { ...webLimits(uploads.count), memoryMb };
  const wanted = createOptions({
    ...hardened("web", limits),
    image,
    envs: [`APACHE_WORKERS=${uploads.count}`, "WIKI_SITENAME=Wiki"],
    volumes: [{ volumeName: volume, containerPath: "/run/secrets", readOnly: true }],
  } as Parameters<typeof createOptions>[0]);
  web = await world.run("web", image, { ...wanted, Labels: {} }, [8080]);
  await processLimit.create(session, { container: web.container.id, pids: limits.pids });
  const port = await web.port(8080);
  await until("Apache", async () => (await fetch(`http://127.0.0.1:${port}/health`)).ok);
});

afterAll(async () => {
  await world.close();
  await session.close();
});

test("a service's secrets are files that only its user may read, and docker inspect shows none", async () => {
  expect(await inWeb("stat -c '%n %a %u' /run/secrets /run/secrets/*")).toBe(
    [
      "/run/secrets 500 33",
      "/run/secrets/database-password 400 33",
      "/run/secrets/redis-password 400 33",
      "/run/secrets/secret-key 400 33",
      "/run/secrets/settings.php 400 33",
    ].join("\n"),
  );
  expect(await inWeb("cat /run/secrets/secret-key")).toBe(secrets.wikiSecretKey);
  const inspected = JSON.stringify(await web.container.inspect());
  const environments = await inWeb("cat /proc/[0-9]*/environ | tr '\\0' '\\n'");
  expect(environments).toContain("WIKI_SITENAME=Wiki");
  for (const secret of Object.values(await secretContents(files, secrets)).filter(Boolean))
    expect(inspected + environments).not.toContain(secret);
});

test("a secret that was changed on the host is noticed, and written again", async () => {
  const inputs = { volume, image, owner: webUid, files, fingerprint: "" };
  const outputs = await secretFiles.create(session, inputs);
  expect(await secretFiles.read(session, outputs)).toEqual(outputs);
  await writeVolumeFiles({ volume, image }, webUid, { "secret-key": "another" }, session.pool);
  expect(await secretFiles.read(session, outputs)).toBeUndefined();
  await secretFiles.create(session, inputs);
  expect(await secretFiles.read(session, outputs)).toEqual(outputs);
  expect(await readVolumeFiles({ volume: world.name("none"), image }, session.pool)).toBeUndefined();
});

test("simultaneous anonymous uploads larger than the container's memory are spooled on disk, and no process is killed", async () => {
  const port = await web.port(8080);
  const boundary = "wikiferry";
  const head = Buffer.from(
    `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n`,
  );
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
  const block = Buffer.alloc(1 << 20, "x");
  const begin = async (): Promise<ClientRequest> => {
    const sent = request({
      port,
      method: "POST",
      path: "/api.php?action=upload",
      headers: {
        "content-type": `multipart/form-data; boundary=${boundary}`,
        "content-length": head.length + uploads.bytes + tail.length,
      },
    });
    sent.write(head);
    for (let bytes = 0; bytes < uploads.bytes; bytes += block.length)
      if (!sent.write(block)) await once(sent, "drain");
    return sent;
  };
  const requests = await Promise.all(Array.from({ length: uploads.count }, begin));
  const inMb = async (command: string) => Number(await inWeb(command));
  const total = (uploads.count * uploads.bytes) >> 20;
  // PHP writes its last buffers with the end of the body.
  await until("all uploads", async () => (await inMb("du -sm /spool/uploads | cut -f1")) > total * 0.95);
  expect(await inMb("df -m --output=used /tmp | tail -1")).toBeLessThan(4);
  expect(total).toBeGreaterThan(memoryMb);
  const answers = requests.map(async (sent) => {
    const [response] = await once(sent.end(tail), "response");
    response.resume();
    return response.statusCode as number;
  });
  for (const status of await Promise.all(answers)) expect(status).toBeGreaterThanOrEqual(200);
  await until("an empty spool", async () => (await inWeb("ls /spool/uploads")) === "");
  const { State } = await web.container.inspect();
  expect(State).toMatchObject({ Running: true, OOMKilled: false });
});

test("a fork bomb in the web container stays inside, and Apache keeps serving", async () => {
  const { pids } = webLimits(uploads.count);
  const said = await execInContainer(
    { container: web.name },
    [
      "bash",
      "-c",
      "for i in {1..2000}; do sleep 300 & done 2>&1; cat /sys/fs/cgroup/pids/pids.current /sys/fs/cgroup/pids.current 2>/dev/null",
    ],
    session.pool,
  );
  expect(said.stdout + said.stderr).toMatch(/Resource temporarily unavailable/);
  const { Processes } = await web.container.top();
  expect(Processes.length).toBeLessThanOrEqual(pids);
  expect((await fetch(`http://127.0.0.1:${await web.port(8080)}/health`)).status).toBe(200);
  const container = web.container.id;
  await processLimit.update(session, { container, pids: pids + 1 }, { container, pids });
  expect(await processLimit.read(session, { container })).toMatchObject({
    pids: pids + 1,
  });
});

test("a container that restarts without the tool has its secrets, its limits and an empty spool", async () => {
  await inWeb("echo left >/spool/uploads/left");
  await web.container.restart({ t: 1 });
  const port = await web.port(8080);
  await until("Apache", async () =>
    fetch(`http://127.0.0.1:${port}/health`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  expect(await inWeb("cat /run/secrets/secret-key; find /spool -type f")).toBe(secrets.wikiSecretKey);
  const { HostConfig } = await web.container.inspect();
  expect((HostConfig as { PidsLimit?: number }).PidsLimit).toBe(webLimits(uploads.count).pids + 1);
  expect(HostConfig.Memory).toBe(memoryMb << 20);
});
