import { Journal } from "../../../../../engine/control/mariadb/journal";
import { tryLease } from "../../../../../engine/control/mariadb/lease";
import { initRole } from "../../../../../engine/control/mariadb/role";
import { ensureControlSchema } from "../../../../../engine/control/mariadb/schema";
import { authorizedLine, fileSyncMark } from "../../../../../engine/movers/files/authorization";
import {
  ensureReplicationAccount,
  lockAccounts,
} from "../../../../../engine/movers/mariadb/accounts/accounts";
import { adopt, readVariables } from "../../../../../engine/movers/mariadb/adopt/adopt";
import { exposureFinding } from "../../../../../engine/movers/mariadb/adopt/exposed";
import { armWatchdog } from "../../../../../engine/movers/mariadb/fencing/watchdog";
import { leftRetired, lookAround, takeBackRetired } from "../../../../../engine/operations/inventory";
import { undoBlue } from "../../../../../engine/operations/undo/blue";
import { refuseActiveGreen, standingOf } from "../../../../../engine/operations/undo/standing";
import { type ProgressEvent, silent } from "../../../../../engine/progress";
import { freshKey } from "../../../../../engine/runtime/ssh/freshKey";
import { editAuthorizedKeys } from "../../../../../engine/runtime/ssh/hostFile";
import { deriveSecret } from "../../../../../engine/secrets";
import { openMoveSession } from "../../../../../engine/session";
import { eventually, type Pair, startPair } from "../../../../support/mariadb";

jest.setTimeout(240_000);

const uploads = "/srv/uploads";

describe("a blue that listens for its own host only", () => {
  let pair: Pair;
  let before: Awaited<ReturnType<typeof blueAsItIs>>;

  /** What the move touches on blue, byte for byte. */
  async function blueAsItIs() {
    const etc = await pair.onBlue(
      "cd /etc/mysql && find . -exec stat -c '%A %U:%G %N' {} + | sort -k3; find . -type f | sort | xargs sha256sum; cat /root/.ssh/authorized_keys; stat -c '%a %U' /root/.ssh/authorized_keys",
    );
    const rows = async (sql: string) => (await pair.blue.rows(sql)).map((row) => JSON.stringify(row));
    return {
      etc,
      accounts: await rows("SELECT Host, User, Priv FROM mysql.global_priv ORDER BY User, Host"),
      schemas: await rows("SELECT schema_name AS name FROM information_schema.schemata ORDER BY 1"),
      events: await rows(
        "SELECT event_schema AS s, event_name AS n FROM information_schema.events ORDER BY 1, 2",
      ),
      uploads: await pair.onBlue(`cd ${uploads} && find . | sort`),
    };
  }

  const spec = () => ({
    ...pair.spec,
    blue: { ...pair.spec.blue, files: { ...pair.spec.blue.files, directory: uploads } },
  });

  const restartBlue = async () => {
    await pair.onBlue("service mariadb restart");
    await pair.blue.close();
    await eventually(async () => void (await pair.blue.value("SELECT 1")), 30_000, "blue after its restart");
  };

  const adoptIt = () =>
    pair.pool.to(pair.ssh).then(async (ssh) =>
      adopt(pair.blue, ssh, pair.spec.blue.database, {
        allowRestart: true,
        masterSecret: pair.secrets.masterSecret,
        greenHost: pair.spec.green.database.replication.host,
        journal: new Journal(pair.blue),
        report: silent,
      }),
    );

  /** Everything that the phases up to a killed flip leave there. */
  async function moved(): Promise<void> {
    await adoptIt();
    await initRole(pair.blue, { wiki: pair.spec.wiki.name });
    await ensureReplicationAccount(pair.blue, deriveSecret(pair.secrets.masterSecret, "mariadb-replication"));
    await armWatchdog(pair.blue);
    await editAuthorizedKeys(
      await pair.pool.to(pair.ssh),
      fileSyncMark,
      authorizedLine(freshKey().public, { directory: uploads, owner: "33:33" }),
    );
    await pair.onBlue(
      `mkdir -p ${uploads}/.wikiferry-replaced/1 ${uploads}/a/ab/.wikiferry-partial /tmp/wikiferry-backup.abcdefgh
       echo old >${uploads}/.wikiferry-replaced/1/File.png`,
    );
    await tryLease(pair.blue, { holder: "a killed run", purpose: "flip", epoch: 1, durationMs: 500 });
    await pair.blue.run("SET GLOBAL read_only = 1");
    await pair.blue.run("CREATE DATABASE wikiferry_probe");
  }

  const undo = async (
    wishes: Partial<Parameters<typeof undoBlue>[1]> = {},
    report: (event: ProgressEvent) => void = silent,
  ) => {
    const move = openMoveSession(spec(), pair.secrets, report);
    try {
      return await undoBlue(move, { restart: false, removeReplaced: true, ...wishes });
    } finally {
      await move.close();
    }
  };

  const seen = async () => {
    const move = openMoveSession(spec(), pair.secrets, silent);
    try {
      return await lookAround(move);
    } finally {
      await move.close();
    }
  };
  const names = async () =>
    (await seen()).found.filter(({ side }) => side === "blue").map(({ name }) => name);

  beforeAll(async () => {
    pair = await startPair();
    await pair.onBlue(
      `sed -i 's/^bind-address.*/bind-address = 127.0.0.1/' /etc/mysql/mariadb.conf.d/50-server.cnf
       mkdir -p ${uploads}/a/ab; echo content >${uploads}/a/ab/Ab.png`,
    );
    await restartBlue();
    before = await blueAsItIs();
  });
  afterAll(() => pair?.stop());

  test("learns who could log in from elsewhere, and listens on the address that green reaches, and on no other", async () => {
    const variables = await readVariables(pair.blue);
    expect(variables.bind_address).toBe("127.0.0.1");
    expect(await exposureFinding(pair.blue, variables)).toMatchObject({
      code: "ADOPT_EXPOSES",
      severity: "warn",
      found: expect.stringContaining("wikiuser@%"),
    });
    const adopted = await adoptIt();
    const bound = adopted.changes.find(({ setting }) => setting === "bind_address");
    expect(bound).toMatchObject({ to: `127.0.0.1,${pair.addresses.blue}` });
    expect((await readVariables(pair.blue)).bind_address).toBe(bound?.to);
    const port = "000000000000000000000000:0CEA".slice(-5);
    const listening = await pair.onBlue(
      `grep -i '${port} ' /proc/net/tcp /proc/net/tcp6 | grep -c ' 0A ' || true`,
    );
    expect(Number(listening)).toBe(2);
    // A later adoption keeps it.
    await pair.blue.run("SET GLOBAL gtid_strict_mode = 0");
    await adoptIt();
    expect(await pair.onBlue("cat /etc/mysql/mariadb.conf.d/99-wikiferry.cnf")).toContain(
      `bind_address = ${bound?.to}\n`,
    );
    expect(await exposureFinding(pair.blue, await readVariables(pair.blue))).toBeUndefined();
  });

  test("undone after a killed flip, it serves alone, and its files, accounts, schemas and events are as they were", async () => {
    await moved();
    expect(await names()).toEqual(
      expect.arrayContaining([
        "dead man's switch",
        "file-sync's key",
        "access of a copy by files",
        "partial uploads",
        "replaced uploads",
        "replication account",
        "running settings",
        "settings file",
        "certificates and start-up rule",
        "schema wikiferry_probe",
        "settings until a restart",
        "schema wikiferry",
      ]),
    );
    const kept = await undo({ removeReplaced: false });
    expect(kept.kept).toEqual([expect.stringMatching(/^replaced uploads .*--remove-replaced/)]);
    const undone = await undo();
    expect([...kept.left, ...undone.left]).toEqual([]);
    expect(kept.untilRestart).toEqual(expect.arrayContaining(["log_bin", "bind_address", "init_file"]));
    expect(await blueAsItIs()).toEqual(before);
    expect(await names()).toEqual(["settings until a restart"]);
    const now = await readVariables(pair.blue);
    expect(now).toMatchObject({ read_only: "OFF", binlog_format: "MIXED", event_scheduler: "OFF" });
  });

  test("a second time nothing is left to do but the restart, which restores its original state", async () => {
    const again = await undo({ restart: true });
    expect(again).toMatchObject({ taken: [], left: [], untilRestart: [] });
    expect(await readVariables(pair.blue)).toMatchObject({
      bind_address: "127.0.0.1",
      log_bin: "OFF",
      init_file: "",
      ssl_key: "",
    });
    expect(await names()).toEqual([]);
    expect(await undo({ restart: true })).toMatchObject({ taken: [], left: [], untilRestart: [] });
  });

  test("interrupted at any step and run again, it reaches the same end", async () => {
    await moved();
    let cutOffs = 0;
    for (let steps = 0; ; steps += 3) {
      let left = steps;
      const cutOff = await undo({}, ({ step }) => {
        if (step === "undo" && left-- === 0) throw new Error("cut off");
      }).then(
        () => false,
        () => true,
      );
      if (!cutOff) break;
      cutOffs++;
    }
    expect(cutOffs).toBeGreaterThan(3);
    expect(await blueAsItIs()).toEqual(before);
    expect((await readVariables(pair.blue)).read_only).toBe("OFF");
  });

  test("once it is retired, only what keeps it closed stays, across a restart; undo refuses", async () => {
    await moved();
    await pair.blue.run("UPDATE wikiferry.role SET role = 'green', epoch = 1");
    await ensureControlSchema(pair.green);
    await initRole(pair.green, { wiki: pair.spec.wiki.name, role: "green", epoch: 1 });
    await ensureReplicationAccount(pair.green, "a password");
    await lockAccounts(pair.blue, pair.spec.wiki.appUser);
    const move = openMoveSession(spec(), pair.secrets, silent);
    try {
      const taken = await takeBackRetired(move);
      expect(taken.join("\n")).toMatch(/file-sync's key[\s\S]*replication account[\s\S]*certificates/);
      expect(await takeBackRetired(move)).toEqual([]);
      expect(await leftRetired(move)).toEqual([]);
      expect(await pair.green.rows("SELECT 1 FROM mysql.user WHERE User = 'wikiferry_repl'")).toEqual([]);
      await restartBlue();
      expect(await readVariables(pair.blue)).toMatchObject({
        read_only: "ON",
        bind_address: "127.0.0.1",
        init_file: "",
        ssl_key: "",
      });
      const stays = (await lookAround(move)).found.filter(({ side }) => side === "blue");
      expect(stays.map(({ name }) => name)).toEqual([
        "replaced uploads",
        "lock of the wiki's account",
        "settings file",
        "schema wikiferry",
      ]);
      for (const { staysRetired } of stays) expect(staysRetired).toMatch(/\w/);

      const standing = await standingOf(move);
      expect(() => refuseActiveGreen(standing, "undo", false)).toThrow(
        /UNDO_GREEN_ACTIVE.*Switch back first/,
      );
      await pair.blue.run("UPDATE wikiferry.role SET role = 'blue'");
      await expect(standingOf(move)).rejects.toMatchObject({ code: "CTRL_TWO_PRIMARIES" });
    } finally {
      await move.close();
    }
  });
});
