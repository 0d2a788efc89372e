import type { SshTarget } from "../../../../../engine/move";
import { type Carried, carry, forgetOld, isCarried } from "../../../../../engine/movers/code/carry";
import { defaultLimits, survey } from "../../../../../engine/movers/code/survey";
import { silent } from "../../../../../engine/progress";
import { freshKey } from "../../../../../engine/runtime/ssh/freshKey";
import { SshPool } from "../../../../../engine/runtime/ssh/pool";
import { DockerWorld } from "../../../../support/dockerWorld";
import { testImage } from "../../../../support/image";
import { until } from "../../../../support/until";

/** A wiki's code as people lay it out: a link to the release, a shared extension, settings beside and outside. */
const layOut = `set -eu
mkdir -p /srv/wiki-1.39/extensions /srv/wiki-1.39/images/a /srv/wiki-1.39/cache /srv/wiki-1.39/.git \\
  /opt/shared/Foo /opt/more /etc/wiki /var/www/html
ln -s wiki-1.39 /srv/wiki
ln -s /srv/wiki /var/www/html/w
cd /srv/wiki-1.39
echo '<?php // index' >index.php
echo '<?php // settings, with a password' >/etc/wiki/LocalSettings.php
chown 1001:48 /etc/wiki/LocalSettings.php; chmod 0600 /etc/wiki/LocalSettings.php
ln -s ../../etc/wiki/LocalSettings.php LocalSettings.php
echo '<?php // included' >/etc/wiki-secrets.php
ln -s /opt/shared/Foo extensions/Foo
echo foo >/opt/shared/Foo/Foo.php; ln -s /opt/more /opt/shared/Foo/more; echo more >/opt/more/more.php
ln -s /nowhere/at/all dangling
ln -s /usr/bin/env interpreter
echo strange >"a b'c
d\\\\e.php"
echo upload >images/a/A.png; echo cached >cache/c; echo git >.git/config
echo robots >/var/www/html/robots.txt
`;

const wanted = {
  directories: ["/srv/wiki", "/var/www/html"],
  files: ["/srv/wiki/LocalSettings.php", "/etc/wiki-secrets.php"],
  leaveOut: ["/srv/wiki/images", "/srv/wiki/cache"],
};

const world = new DockerWorld();
const operator = freshKey();
const pool = new SshPool(operator.private);
let ssh: SshTarget;
let place: { volume: string; image: string; owner: number };
let carried: Carried;

const onBlue = async (command: string) => (await pool.to(ssh)).run(command);
const look = () => survey({ ssh, pool }, wanted);
const carryAll = (site: Record<string, string> = {}) => carry({ ssh, pool }, place, look, site, silent);

/** What the web server's account sees in a container with the code at blue's paths. */
async function onGreen(script: string, { mounts }: Carried = carried): Promise<string> {
  const seen = await world.run(`green-${Math.random().toString(36).slice(2)}`, place.image, {
    Entrypoint: ["sh", "-c", `exec 2>&1; ${script}; true`],
    Cmd: [],
    Tty: true,
    User: "33:33",
    HostConfig: {
      ReadonlyRootfs: true,
      NetworkMode: "none",
      Binds: mounts.map(({ hostPath, containerPath }) => `${hostPath}:${containerPath}:ro`),
    },
  });
  await seen.container.wait();
  return (await seen.container.logs({ stdout: true, stderr: true })).toString().replaceAll("\r", "");
}

beforeAll(async () => {
  const host = freshKey();
  const image = await testImage("blue-files");
  const blue = await world.run(
    "web",
    image,
    {},
    [22],
    [
      { path: "/root/.ssh/authorized_keys", content: `${operator.public}\n` },
      { path: "/etc/ssh/ssh_host_ed25519_key", content: `${host.private}\n` },
    ],
  );
  ssh = { host: "127.0.0.1", port: await blue.port(22), user: "root", hostKey: host.public };
  await until("ssh", async () => {
    await pool.to(ssh);
    return true;
  });
  await onBlue(layOut);
  place = { volume: await world.volume("code"), image, owner: 33 };
  carried = await carryAll({ server: "apache module\n" });
});

afterAll(async () => {
  await pool.close();
  await world.close();
});

test("everything that blue's paths name is there by the same paths, readable by the web server alone", async () => {
  const seen = await onGreen(
    "cat /srv/wiki/index.php /srv/wiki/LocalSettings.php /var/www/html/w/LocalSettings.php /etc/wiki-secrets.php" +
      " /srv/wiki/extensions/Foo/Foo.php /srv/wiki/extensions/Foo/more/more.php /var/www/html/robots.txt" +
      " /etc/wikiferry/site/server; cat /srv/wiki-1.39/a*; stat -c '%u %a' /etc/wiki/LocalSettings.php",
  );
  expect(seen.split("\n").filter(Boolean)).toEqual([
    "<?php // index",
    "<?php // settings, with a password",
    "<?php // settings, with a password",
    "<?php // included",
    "foo",
    "more",
    "robots",
    "apache module",
    "strange",
    "33 600",
  ]);
});

test("links stay links; uploads, caches and version control stay on blue, and nothing can be written", async () => {
  const seen = await onGreen(
    "readlink /srv/wiki-1.39/extensions/Foo /srv/wiki-1.39/dangling /var/www/html/w; ls -A /srv/wiki/images /srv/wiki/cache;" +
      " ls -d /srv/wiki/.git; touch /srv/wiki/index.php; readlink -e /srv/wiki-1.39/interpreter",
  );
  expect(seen).toContain("/opt/shared/Foo\n/nowhere/at/all\n/srv/wiki\n");
  expect(seen).toContain("/srv/wiki/cache:\n\n/srv/wiki/images:\n");
  expect(seen).toContain("/srv/wiki/.git': No such file");
  expect(seen).toContain("Read-only file system");
  // Programs are green's own.
  expect(seen).toContain("/usr/bin/env\n");
  expect((await look()).notCarried).toEqual([
    { path: "/srv/wiki-1.39/interpreter", target: "/usr/bin/env", why: "it belongs to the operating system" },
  ]);
});

test("the same code is carried once; changed code goes to a place of its own, and the old one stays while it is used", async () => {
  expect(await carryAll({ server: "apache module\n" })).toEqual(carried);
  await onBlue("touch /srv/wiki/index.php");
  expect((await carryAll({ server: "apache module\n" })).generation).toBe(carried.generation);
  await onBlue("echo '<?php // new' >/srv/wiki/index.php; rm /opt/more/more.php");
  const next = await carryAll({ server: "apache module\n" });
  expect(next.generation).not.toBe(carried.generation);
  expect(await onGreen("cat /srv/wiki/index.php /opt/more/more.php", next)).toMatch(
    /<\?php \/\/ new\n.*more.php: No such file/,
  );
  expect(await onGreen("cat /srv/wiki/index.php")).toBe("<?php // index\n");
  expect(await forgetOld(place, next.generation, () => true, pool)).toEqual([]);
  const before = carried.generation;
  expect(await forgetOld(place, next.generation, (path) => !path.endsWith(before), pool)).toEqual([before]);
  expect(await isCarried(place, before, pool)).toBe(false);
  expect(await isCarried(place, next.generation, pool)).toBe(true);
});

test("code that changes during each attempt is not carried, and nothing half is left", async () => {
  const racing = async () => {
    await onBlue("echo x >/srv/wiki/new.php");
    const found = await look();
    await onBlue("rm /srv/wiki/new.php");
    return found;
  };
  const before = await forgetOld(place, "none", () => true, pool);
  await expect(carry({ ssh, pool }, place, racing, {}, silent)).rejects.toMatchObject({
    code: "CODE_CHANGING",
  });
  expect(await forgetOld(place, "none", () => true, pool)).toEqual(before);
});

test.each([
  [
    "a file that is not there",
    { ...wanted, files: ["/srv/wiki/NoSettings.php"] },
    {},
    "CODE_UNREADABLE",
    "NoSettings.php",
  ],
  [
    "the system's own directory",
    { ...wanted, directories: ["/etc"] },
    {},
    "CODE_UNREADABLE",
    "operating system",
  ],
  ["a tree larger than code is", wanted, { maxBytes: 20 }, "CODE_TOO_LARGE", "/srv/wiki-1.39"],
])("%s is refused", async (_, what, limits, code, found) => {
  await expect(survey({ ssh, pool }, what, { ...defaultLimits, ...limits })).rejects.toMatchObject({
    code,
    found: expect.stringContaining(found),
  });
});
