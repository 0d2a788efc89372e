import type { SshTarget } from "../../../../../engine/move";
import { freshKey } from "../../../../../engine/runtime/ssh/freshKey";
import { editAuthorizedKeys, putHostFile } from "../../../../../engine/runtime/ssh/hostFile";
import { SshPool } from "../../../../../engine/runtime/ssh/pool";
import { sh } from "../../../../../scripts/common/docker";
import { DockerWorld } from "../../../../support/dockerWorld";
import { testImage } from "../../../../support/image";
import { until } from "../../../../support/until";

const world = new DockerWorld();
const operator = freshKey();
const host = freshKey();
const pool = new SshPool(operator.private);
const keys = "/root/.ssh/authorized_keys";
let ssh: SshTarget;
let container: string;

const onHost = (script: string) => sh(container, script);
const connection = () => pool.to(ssh);
const content = (file = keys) => onHost(`cat ${file}`);

/** The operator's key first, then other keys: more than one page of the disk, which has four. */
const others = Array.from({ length: 60 }, (_, at) => `ssh-ed25519 AAAA${at} colleague-${at}@example.org`);
const before = `${operator.public.trim()}\n# a comment with caf\xe9\n${others.join("\n")}\n`;

async function write(text: string, file = keys): Promise<void> {
  await onHost(`printf %s '${Buffer.from(text, "latin1").toString("base64")}' | base64 -d >${file}`);
}

beforeAll(async () => {
  const running = await world.run(
    "host",
    await testImage("blue-files"),
    { HostConfig: { Tmpfs: { "/root/.ssh": "size=16k,mode=700" } } },
    [22],
    [{ path: "/etc/ssh/ssh_host_ed25519_key", content: `${host.private}\n` }],
  );
  container = running.name;
  ssh = { host: "127.0.0.1", port: await running.port(22), user: "root", hostKey: host.public };
});

beforeEach(async () => {
  await onHost(`rm -rf /root/.ssh/* /root/.ssh/.w*; umask 077; touch ${keys}`);
  await write(before);
  await until("the operator's log-in", () =>
    connection().then(
      () => true,
      () => false,
    ),
  );
});

afterAll(async () => {
  await pool.close();
  await world.close();
});

const line = (mark: string) => `restrict,command="true" ssh-ed25519 BBBB ${mark}`;

test("on a full disk authorized_keys stays as it is, byte for byte, and the operator can still log in", async () => {
  const blue = await connection();
  await editAuthorizedKeys(blue, "wikiferry-file-sync", line("wikiferry-file-sync"));
  const full = await onHost(`cat /dev/zero >/root/.ssh/ballast 2>/dev/null || cksum ${keys}`);
  for (const wanted of [line("wikiferry-file-sync").replace("true", "false"), undefined])
    await expect(editAuthorizedKeys(blue, "wikiferry-file-sync", wanted)).rejects.toMatchObject({
      code: "HOST_FILE",
      found: expect.stringMatching(/nothing was changed/),
    });
  await expect(putHostFile(blue, keys, `${before}more\n`, "0600 root:root")).rejects.toMatchObject({
    code: "HOST_FILE",
  });
  expect(await onHost(`cksum ${keys}`)).toBe(full);
  expect((await onHost("ls -A /root/.ssh")).split("\n").filter(Boolean)).toEqual([
    "authorized_keys",
    "ballast",
  ]);
  const again = new SshPool(operator.private);
  try {
    expect(await (await again.to(ssh)).run("echo in")).toBe("in\n");
  } finally {
    await again.close();
  }
});

test("a line is added and removed and every other byte stays, also without a newline at the end", async () => {
  const blue = await connection();
  const checksum = () => onHost(`cksum <${keys}`);
  const first = await checksum();
  await editAuthorizedKeys(blue, "wikiferry-file-sync", line("wikiferry-file-sync"));
  expect((await content()).endsWith(`\n${line("wikiferry-file-sync")}\n`)).toBe(true);
  const inode = await onHost(`stat -c %i ${keys}`);
  await editAuthorizedKeys(blue, "wikiferry-file-sync", line("wikiferry-file-sync"));
  expect(await onHost(`stat -c %i ${keys}`)).toBe(inode);
  await editAuthorizedKeys(blue, "wikiferry-file-sync");
  expect(await checksum()).toBe(first);

  await write(before.trimEnd());
  await editAuthorizedKeys(blue, "wikiferry-file-sync", line("wikiferry-file-sync"));
  expect((await content()).endsWith(`${others.at(-1)}\n${line("wikiferry-file-sync")}\n`)).toBe(true);
});

test("a link stays a link, with its target's owner and mode; a directory in its place is refused", async () => {
  const blue = await connection();
  await onHost(
    `cp ${keys} /srv/keys && chown 33:33 /srv/keys && chmod 640 /srv/keys && ln -sf /srv/keys ${keys}`,
  );
  await editAuthorizedKeys(blue, "wikiferry-file-sync", line("wikiferry-file-sync"));
  expect(await onHost(`readlink ${keys}; stat -c '%u:%g %a' /srv/keys; tail -n 1 /srv/keys`)).toBe(
    `/srv/keys\n33:33 640\n${line("wikiferry-file-sync")}\n`,
  );
  await onHost(`rm ${keys}; mkdir ${keys}`);
  await expect(
    editAuthorizedKeys(blue, "wikiferry-file-sync", line("wikiferry-file-sync")),
  ).rejects.toMatchObject({
    code: "HOST_FILE",
    found: expect.stringContaining("is no regular file"),
  });
  await onHost(`rmdir ${keys}`);
});

test("many runs at once each leave their line, and nothing else", async () => {
  const blue = await connection();
  const first = await onHost(`cksum <${keys}`);
  const marks = Array.from({ length: 8 }, (_, at) => `wikiferry-run${at}`);
  await Promise.all(marks.map((mark) => editAuthorizedKeys(blue, mark, line(mark))));
  const lines = (await content()).split("\n");
  expect(marks.filter((mark) => !lines.includes(line(mark)))).toEqual([]);
  await Promise.all(marks.map((mark) => editAuthorizedKeys(blue, mark)));
  expect(await onHost(`cksum <${keys}; ls -A /root/.ssh`)).toBe(`${first}authorized_keys\n`);
});

test("a settings file is the new one or the old one, with the right permissions", async () => {
  const blue = await connection();
  const file = "/root/.ssh/settings.cnf";
  await putHostFile(blue, file, "[mariadb]\n", "0644 mail:mail");
  expect(await onHost(`stat -c '%U:%G %a' ${file}; cat ${file}`)).toBe("mail:mail 644\n[mariadb]\n");
  await onHost("cat /dev/zero >/root/.ssh/ballast 2>/dev/null || true");
  await expect(putHostFile(blue, file, "x".repeat(9_000), "0644 mail:mail")).rejects.toMatchObject({
    code: "HOST_FILE",
  });
  expect(await content(file)).toBe("[mariadb]\n");
});
