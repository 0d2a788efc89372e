import type { ContainerRef, MoveSpec, SshTarget } from "../../../../../engine/move";
import { passCommands } from "../../../../../engine/movers/files/commands";
import { Uploads } from "../../../../../engine/movers/files/uploads";
import { execInContainer, runInContainer } from "../../../../../engine/runtime/docker/exec";
import { freshKey } from "../../../../../engine/runtime/ssh/freshKey";
import { SshPool } from "../../../../../engine/runtime/ssh/pool";
import { DockerWorld } from "../../../../support/dockerWorld";
import { testImage } from "../../../../support/image";
import { until } from "../../../../support/until";

const world = new DockerWorld();
const operator = freshKey();
const host = freshKey();
const pool = new SshPool(operator.private);
const directory = "/srv/uploads";
let fileSync: ContainerRef;
let ssh: SshTarget;
let move: ConstructorParameters<typeof Uploads>[0];
let uploads: Uploads;
let toBlue: string;

const onBlue = async (command: string) => (await pool.to(ssh)).run(command);
const onGreen = (script: string, env: Record<string, string> = {}) =>
  execInContainer(fileSync, ["sh", "-c", script], pool, { env });

/** Records what blue's sshd is asked for, then asks it. */
const noting = `#!/bin/sh
for last; do :; done
case "$*" in *" rsync --server"*) echo "$*" | sed 's/.* rsync --server/rsync --server/' >>/state/asked ;; esac
exec /usr/bin/ssh "$@"
`;

/**
 * Replaces ssh for green's rsync: sends LINE to blue whatever rsync wants to send, and changes the bytes FROM to TO on
 * the way there, so that rsync says what it would never say by itself.
 */
const lying = `#!/usr/bin/perl
use strict; use IPC::Open2; use IO::Select;
$SIG{PIPE} = 'IGNORE';
$SIG{TERM} = sub { exit };
my $pid = open2(my $out, my $in, split(/ /, $ENV{TO_BLUE}), $ENV{LINE});
my $all = IO::Select->new($out, \\*STDIN);
while ($all->count) {
  for my $from ($all->can_read) {
    my $n = sysread($from, my $bytes, 65536);
    if (!$n) { exit if $from == $out; $all->remove($from); close $in; next }
    if ($from == $out) { syswrite(STDOUT, $bytes); next }
    $bytes =~ s/\\Q$ENV{FROM}\\E/$ENV{TO}/g if $ENV{FROM};
    syswrite($in, $bytes);
  }
}
`;

/** Blue's own uploads, links among them. */
const blueLinks = ["Outside.png /etc/shadow", "a/ab/Link.png File.png", "way /etc"];
const fresh = `cd ${directory} && rm -rf ./* .wikiferry-replaced && mkdir -p a/ab && echo blue >a/ab/File.png && ln -s File.png a/ab/Link.png && ln -s /etc/shadow Outside.png && chown -hR 33:33 .`;

const abilities = "e.iLsfxCIvu";
const line = (command: string, replaced: Record<string, string> = {}): string => {
  const words = command
    .replace(/e\. /, `${abilities} `)
    .replace("--timeout=N", "--timeout=30")
    .replace("replaced/N", "replaced/1796070000000")
    .replace("--max-delete=N", "--max-delete=500")
    .replace("*:UID", "\\*:33")
    .replace("*:GID", "\\*:33");
  const whole = `${words} . ${directory}/`;
  return Object.entries(replaced).reduce((text, [from, to]) => text.replace(from, to), whole);
};
const [pull, , , pullNamed] = passCommands.pull as [string, string, string, string];
const [, push, , pushNamed] = passCommands.push as [string, string, string, string];

beforeAll(async () => {
  const network = await world.network();
  const files = await world.run(
    "files",
    await testImage("blue-files"),
    { HostConfig: { NetworkMode: network.name } },
    [22],
    [
      { path: "/root/.ssh/authorized_keys", content: `${operator.public}\n` },
      { path: "/etc/ssh/ssh_host_ed25519_key", content: `${host.private}\n` },
    ],
  );
  ssh = { host: "127.0.0.1", port: await files.port(22), user: "root", hostKey: host.public };
  await until("ssh", () =>
    pool.to(ssh).then(
      () => true,
      () => false,
    ),
  );
  const running = await world.run(
    "file-sync",
    await testImage("fileSync"),
    { HostConfig: { NetworkMode: network.name, Tmpfs: { "/tmp": "" } } },
    [],
    [
      { path: "/usr/local/bin/ssh", content: noting, mode: 0o755 },
      { path: "/usr/local/bin/lying", content: lying, mode: 0o755 },
    ],
  );
  fileSync = { container: running.name };
  const spec = {
    blue: { files: { ssh, directory, address: { host: files.name, port: 22 } } },
    green: { fileSync: { ...fileSync, directory } },
    files: { maxDelete: 500, allowDelete: "", allowLost: 0, keepDays: 30 },
  } as unknown as MoveSpec;
  move = { spec, pool, blue: {} as never, green: {} as never };
  uploads = new Uploads(move);
  await until("file-sync's key", async () => {
    const { exitCode } = await onGreen("test -s /state/ssh/id_ed25519.pub");
    return exitCode === 0;
  });
  await onBlue(`${fresh}; touch /tmp/before; sleep 1.1`);
  await uploads.authorise();
  toBlue = `/usr/bin/ssh -F none -i /state/ssh/id_ed25519 -o BatchMode=yes -o UserKnownHostsFile=/state/ssh/known_hosts -o ControlMaster=auto -o ControlPath=/tmp/test-%C -o ControlPersist=60 root@${files.name}`;
});

afterAll(async () => {
  await pool.close();
  await world.close();
});

test("the passes send exactly the commands that blue allows; a link on blue stays a link", async () => {
  const pass = async (list: string) => {
    const { exitCode, stdout, stderr } = await onGreen(
      list === "" ? "sync-now" : `printf '${list}' | sync-now --files-from - | grep -v ready`,
    );
    expect([exitCode, JSON.parse(stdout).exitCode, stderr]).toEqual([0, 0, ""]);
  };
  for (const direction of ["pull", "push"] as const) {
    await uploads.follow("off");
    // The loop leaves the passes to this test.
    await runInContainer(
      fileSync,
      [
        "sh",
        "-c",
        `sed -e s/^DIRECTION=.*/DIRECTION=${direction}/ -e s/^PAUSED=.*/PAUSED=yes/ /state/follow.env >/state/n && mv /state/n /state/follow.env`,
      ],
      pool,
    );
    const green = (script: string) =>
      runInContainer(fileSync, ["sh", "-c", `cd ${directory} && ${script}`], pool);
    const source = direction === "pull" ? onBlue : green;
    await source(`cd ${directory} && for i in 1 2; do echo ${direction} >a/ab/${direction}$i.png; done`);
    await pass("");
    await source(`rm ${directory}/a/ab/${direction}1.png`);
    await pass("");
    await source(`echo again >${directory}/a/ab/${direction}2.png`);
    await pass(`a/ab/File.png\\0a/ab/${direction}2.png\\0`);
  }
  const asked = await runInContainer(fileSync, ["cat", "/state/asked"], pool);
  const forms = asked
    .trim()
    .split("\n")
    .map((text) =>
      text
        .replace(` . ${directory}/`, "")
        .replace(/e\.[A-Za-z]+ /, "e. ")
        .replace(/--timeout=\d+/, "--timeout=N")
        .replace(/replaced\/\d+/, "replaced/N")
        .replace(/--max-delete=-?\d+/, "--max-delete=N")
        .replace("\\*:33", "*:UID")
        .replace("\\*:33", "*:GID"),
    );
  expect([...new Set(forms)].sort()).toEqual([...passCommands.pull, ...passCommands.push].sort());
  expect(
    await onBlue(`readlink ${directory}/a/ab/Link.png; cd ${directory}/a/ab && cat push2.png && ls`),
  ).toBe("File.png\nagain\nFile.png\nLink.png\npull2.png\npush2.png\n");
});

test("every other command line is refused", async () => {
  const hostile = [
    "id",
    "sh",
    "cat /etc/shadow",
    "/usr/bin/rsync --server . /srv/uploads/",
    "rsync --daemon",
    `rsync . ${directory}/`,
    `rsync --server . ${directory}/`,
    line(pull, { "-nl": "-Lnl" }),
    line(pull, { "-nl": "-Knl" }),
    line(pull, { "-nl": "-knl" }),
    line(pull, { "-nl": "-snl" }),
    line(pull, { "--timeout=30": "--timeout=30 --copy-links" }),
    line(pull, { "--timeout=30": "--timeout=30 --copy-unsafe-links" }),
    line(pull, { "--timeout=30": "--timeout=30 --log-file=/etc/cron.d/x" }),
    line(pull, { "--timeout=30": "--timeout=30 --remove-source-files" }),
    line(pull, { "--timeout=30": "--timeout=30 --exclude-from=/etc/shadow" }),
    line(pull, { "--timeout=30": "--timeout=30;id" }),
    line(pull, { "--timeout=30": "--timeout=$(id)" }),
    line(pull, { "--timeout=30": "--timeout=-1" }),
    line(pull, { "--timeout=30": "--timeout=" }),
    line(pull, { "--timeout=30": "--timeout=99999999999999999999" }),
    line(pull, { [abilities]: "e.L --copy-links" }),
    line(pull, { [abilities]: "e./x" }),
    line(pull, { "/srv/uploads/": "/srv/uploads" }),
    line(pull, { "/srv/uploads/": "/" }),
    line(pull, { "/srv/uploads/": "/srv/uploads/../../etc/" }),
    line(pull, { "/srv/uploads/": "/srv/uploads/ /etc/" }),
    line(pull, { "/srv/uploads/": "/srv/uploads/*" }),
    line(pull, { " . /srv/uploads/": " . /etc/ . /srv/uploads/" }),
    line(pullNamed, { "--files-from=-": "--files-from=/etc/shadow" }),
    line(push, { "-bd": "-bld" }),
    line(push, { "-bd": "-Kbd" }),
    line(push, { "-bd": "-Dbd" }),
    line(push, { "replaced/1796070000000": "replaced/../../../etc" }),
    line(push, { ".wikiferry-replaced/1796070000000": "/etc" }),
    line(push, { ".wikiferry-partial": "/etc/cron.d" }),
    line(push, { "--stats": "--stats --copy-dest=/etc" }),
    line(push, { "--stats": "--stats --link-dest=/etc" }),
    line(push, { "--stats": "--stats --temp-dir=/etc" }),
    line(push, { "--stats": "--stats --write-devices" }),
    line(push, { "--stats": "--stats --inplace" }),
    line(push, { "--usermap=\\*:33": "--usermap=\\*:0" }),
    line(push, { "--usermap=\\*:33": "--usermap=33:0,*:33" }),
    line(push, { "--groupmap=\\*:33": "--groupmap=\\*:33 --chown=0:0" }),
    line(pushNamed, { "--stats": "--stats --files-from=/etc/passwd" }),
    `${line(push)}\nid`,
    `ls -A '${directory}' | head -n 5 | wc -l; id`,
    "ls -A '/etc' | head -n 5 | wc -l",
    `mkdir -p -m 0700 '${directory}/.wikiferry-replaced' /tmp/x`,
  ];
  expect(hostile.length).toBeGreaterThanOrEqual(30);
  for (const command of [...passCommands.pull, ...passCommands.push])
    expect(hostile).not.toContain(line(command));
  const letIn: unknown[] = [];
  for (const command of hostile) {
    const { exitCode, stdout, stderr } = await onGreen(`${toBlue} "$LINE" </dev/null`, { LINE: command });
    if (exitCode !== 1 || stdout !== "" || stderr.trim() !== "wikiferry-file-sync: refused")
      letIn.push({ command, exitCode, stdout, stderr });
  }
  expect(letIn).toEqual([]);
});

describe("a malicious green that abuses rsync's protocol through allowed commands", () => {
  const lie = (script: string, command: string, from = "", to = "") =>
    onGreen(`cd /tmp && rm -rf evil got && mkdir evil got && cd evil && ${script}`, {
      TO_BLUE: toBlue,
      LINE: line(command),
      FROM: from,
      TO: to,
    });

  afterEach(async () => {
    // Nothing outside of the uploads was created or changed, and no link in them.
    const changed = await onBlue(
      "find / -xdev \\( -path /proc -o -path /sys -o -path /srv/uploads -o -path /run -o -path '/root/.ssh' -o -path /var/log \\) -prune -o -newer /tmp/before ! -type d -print; ls /tmp /etc | grep -i owned || true",
    );
    expect(changed).toBe("");
    const links = await onBlue(
      `cd ${directory} && find . -path ./.wikiferry-replaced -prune -o -type l -printf '%P %l\\n'`,
    );
    const planted = links.split("\n").filter((found) => found !== "" && !blueLinks.includes(found));
    expect(planted).toEqual([]);
    await onBlue(fresh);
  });

  // Two that misunderstand each other would wait forever.
  const rsync = "timeout -k 1 6 rsync --rsh=lying";
  /** As the passes push; otherwise both sides would misunderstand each other. */
  const pushing = `--backup-dir=.wikiferry-replaced/1796070000000 --stats --partial-dir=.wikiferry-partial --exclude=/.wikiferry-replaced --usermap='*:33' --groupmap='*:33'`;
  const carry = `${rsync} -bdOogtpR --no-implied-dirs ${pushing}`;
  const named = `${rsync} -bOogtprR --delete-after --max-delete=500 ${pushing}`;
  const ways = [
    [carry, push],
    [named, pushNamed],
  ] as const;
  const read = `${rsync} -bltprR --backup-dir=/tmp/old --files-from=list x:/ /tmp/got/`;

  test("copies what is allowed: the attempts that follow are understood", async () => {
    await lie(`mkdir door && echo mine >door/mine && ${named} ./door/mine x:/`, pushNamed);
    expect(await onBlue(`cat ${directory}/door/mine`)).toBe("mine\n");
    for (const [write, command] of ways) {
      await lie(`echo mine >QQQQ && ${write} QQQQ x:/`, command, "QQQQ", "ZZZZ");
      expect(await onBlue(`cd ${directory} && cat ZZZZ && rm ZZZZ`)).toBe("mine\n");
    }
    const { stdout } = await lie(`echo door/mine >list; ${read}; cat /tmp/got/door/mine`, pullNamed);
    expect(stdout).toContain("mine");
  });

  test("plants no link, whether its target is outside or inside", async () => {
    for (const [write, command] of ways) {
      for (const target of ["/etc", "a"]) await lie(`ln -s ${target} door && ${write} ./door x:/`, command);
      await lie(`ln -s /etc door && ${write} --links ./door x:/`, command);
    }
  });

  test("writes through no existing link", async () => {
    await onBlue(`${fresh} && ln -s /etc way && chown -h 33:33 way`);
    await lie(`echo owned >Outside.png && ${named} Outside.png x:/`, pushNamed);
    await lie(`mkdir way && echo owned >way/owned && ${named} ./way/owned x:/`, pushNamed);
  });

  test.each([
    ["../", "../../tmp/owned"],
    ["an absolute path and ../", "/tmp/xxxxxx/../owned"],
    ["an absolute path", "/////////tmp/owned"],
  ])("writes nowhere else through a name with %s", async (_what, name) => {
    const stand = "Q".repeat(name.length);
    for (const [write, command] of ways)
      await lie(`echo owned >${stand} && ${write} ${stand} x:/`, command, stand, name);
  });

  test("reads no file through a link or a name that leads outside", async () => {
    for (const name of ["../../etc/shadow", "/etc/shadow", "Outside.png", "a/../../../etc/shadow"])
      for (const reading of [read, read.replace("-bl", "-bL")]) {
        const { stdout } = await lie(
          `echo ${name} >list; ${reading}; find /tmp/got -type f -exec grep -l '^root:' {} +; true`,
          pullNamed,
        );
        expect([name, stdout]).toEqual([name, ""]);
      }
  });
});

test("a key that is limited to other addresses opens nothing, and the operator's still works", async () => {
  await uploads.authorise("192.0.2.1");
  await onGreen("rm -f /tmp/file-sync-* /tmp/test-*");
  const { exitCode } = await onGreen(`${toBlue} "ls -A '${directory}' | head -n 5 | wc -l"`);
  expect(exitCode).toBe(255);
  await uploads.authorise();
  expect((await onGreen(`${toBlue} "ls -A '${directory}' | head -n 5 | wc -l"`)).exitCode).toBe(0);
  expect(await onBlue("echo in")).toBe("in\n");
});
