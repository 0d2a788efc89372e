import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { copyDatabase } from "../../../../../engine/movers/mariadb/copy/copy";
import {
  type IncomingState,
  incomingState,
  sweepIncoming,
} from "../../../../../engine/movers/mariadb/copy/physical/incoming";
import { copyState } from "../../../../../engine/movers/mariadb/copy/state";
import { follow, waitForGtid } from "../../../../../engine/movers/mariadb/replication/follow";
import { positions } from "../../../../../engine/movers/mariadb/replication/status";
import { silent } from "../../../../../engine/progress";
import { deriveSecret } from "../../../../../engine/secrets";
import { blueWithBackup } from "../../../../../scripts/lab/image";
import { startAdoptedPair } from "../../../../support/adopted";
import { DockerWorld } from "../../../../support/dockerWorld";
import { eventually, type Pair } from "../../../../support/mariadb";
import { addPage, contentOf, fillWiki } from "../../../../support/mariadbContent";

jest.setTimeout(300_000);

const database = "wiki-db";
const prefix = "mw_";
const { docker } = new DockerWorld();

describe("copying blue's files", () => {
  let pair: Pair;
  const ctx = () => ({ ...pair, report: silent });
  const inGreen = async (script: string, user = "mysql") => {
    const exec = await docker.getContainer(pair.containers.green).exec({
      Cmd: ["sh", "-c", script],
      User: user,
      AttachStdout: true,
      AttachStderr: true,
      Tty: true,
    });
    const stream = await exec.start({ Tty: true });
    let said = "";
    for await (const chunk of stream) said += chunk;
    return said.trim();
  };
  const answering = () =>
    eventually(async () => void (await pair.green.value("SELECT 1")), 60_000, "green's MariaDB");

  beforeAll(async () => {
    pair = await startAdoptedPair({
      database,
      tablePrefix: prefix,
      images: { blue: await blueWithBackup() },
      lasting: true,
    });
    pair.spec.copy.method = "physical";
    await fillWiki(pair.blue, database, { pages: 3000, prefix, textBytes: 4000 });
    const own = await pair.blue.sessionWithoutBinlog();
    await own.run("CREATE USER reader@localhost IDENTIFIED BY 'its own'");
    await own.run("GRANT SELECT ON ??.* TO reader@localhost", [database]);
    await pair.green
      .sessionWithoutBinlog()
      .then((green) => green.run("CREATE TABLE IF NOT EXISTS mysql.witness (id INT) ENGINE = InnoDB"));
  });
  afterAll(() => pair?.stop());

  test("is refused with the reason where it is impossible, before anything is changed", async () => {
    await pair.onBlue("mv /usr/bin/mariadb-backup /usr/bin/away");
    await pair.blue.run("CREATE DATABASE forum");
    const refused = {
      code: "COPY_NOT_PHYSICAL",
      found: expect.stringMatching(/mariadb-backup is not on blue.*forum/),
    };
    await expect(copyDatabase(ctx())).rejects.toMatchObject(refused);
    await pair.onBlue("mv /usr/bin/away /usr/bin/mariadb-backup");
    await pair.blue.run("DROP DATABASE forum");
    expect(await incomingState(ctx())).toBe("empty");
  });

  test("a backup that fails is named with its reason, and green is as it was", async () => {
    await pair.onBlue(
      `mv /usr/bin/mariadb-backup /usr/bin/real && printf '#!/bin/sh\\ncase "$*" in *--backup*) echo "2026-01-01 00:00:00 no such luck" >&2; exit 3;; esac\\nexec /usr/bin/real "$@"\\n' >/usr/bin/mariadb-backup && chmod +x /usr/bin/mariadb-backup`,
    );
    await expect(copyDatabase(ctx())).rejects.toMatchObject({
      code: "COPY_BACKUP_FAILED",
      found: expect.stringContaining("exit code 3: no such luck"),
    });
    // Also where the connection passes through the tool, because green does not reach blue's host.
    const spec = structuredClone(pair.spec);
    spec.blue.database.replication.host = "127.0.0.1";
    await expect(copyDatabase({ ...ctx(), spec })).rejects.toMatchObject({
      code: "COPY_BACKUP_FAILED",
      found: expect.stringContaining("exit code 3: no such luck"),
    });
    await pair.onBlue("mv /usr/bin/real /usr/bin/mariadb-backup");
    expect(await pair.green.value("SHOW TABLES FROM mysql LIKE 'witness'")).toBe("witness");
    await nothingIsLeftOnBlue();
  });

  test("a disk that fills up on green is named, whichever path the files take", async () => {
    await inGreen(
      `mv /usr/bin/mbstream /usr/bin/real && printf '#!/bin/sh\nhead -c 100000 >/dev/null\necho "mbstream: Errcode: 28 No space left on device" >&2; exit 1\n' >/usr/bin/mbstream && chmod +x /usr/bin/mbstream`,
      "root",
    );
    const full = { code: "COPY_RECEIVE_FAILED", found: expect.stringContaining("No space left") };
    try {
      await expect(copyDatabase(ctx())).rejects.toMatchObject(full);
      const spec = structuredClone(pair.spec);
      spec.blue.database.replication.host = "127.0.0.1";
      await expect(copyDatabase({ ...ctx(), spec })).rejects.toMatchObject(full);
    } finally {
      await inGreen("mv /usr/bin/real /usr/bin/mbstream", "root");
    }
    await nothingIsLeftOnBlue();
  });

  test("killed at any stage it is cleaned up and continued, while the wiki is edited", async () => {
    let editing = true;
    let edits = 0;
    const editor = (async () => {
      const session = await pair.blue.open({ database });
      for (; editing; edits++) {
        await addPage(session, prefix, `During_${edits}`, Buffer.from(`text ${edits}`));
        await session.run(`UPDATE ${prefix}searchindex SET si_text = ? WHERE si_page = ?`, [
          `again ${edits}`,
          1 + (edits % 500),
        ]);
      }
      await session.close();
    })();
    try {
      await killedAt("partial", { maxBytesPerSecond: 2_000_000 });
      await answering();
      expect(await copyState(pair.green)).toEqual({ state: "copying" });
      await nothingIsLeftOnBlue();
      // Otherwise what is already there would be taken for the next one's.
      await sweepIncoming(ctx());
      await killedAt("partial", { maxBytesPerSecond: 2_000_000, blueHost: "127.0.0.1" });
      await nothingIsLeftOnBlue();
      await killedAt("received", { stopAt: "preparing the files" });
      await answering();
      expect(await pair.green.value("SHOW TABLES FROM mysql LIKE 'witness'")).toBe("witness");
      await killedAt("ready", { stopAt: "green's MariaDB starts" });
      await answering();
      const result = await copyDatabase(ctx());
      process.stdout.write(`copied at ${result.gtid} during ${edits} edits\n`);
    } finally {
      editing = false;
      await editor;
    }
    expect(edits).toBeGreaterThan(5);
    expect(await copyState(pair.green)).toMatchObject({ state: "copied", converged: [] });
    const password = deriveSecret(pair.secrets.masterSecret, "mariadb-replication");
    await follow(pair.green, pair.blue, password);
    // Blue's event keeps running while the two are compared.
    await pair.blue.run("SET GLOBAL event_scheduler = OFF");
    const { binlog } = await positions(pair.blue);
    expect(await waitForGtid(pair.green, binlog, 60_000)).toBe(true);
    expect(await contentOf(pair.green, database)).toEqual(await contentOf(pair.blue, database));
  });

  test("green is closed, has its own accounts beside blue's, and runs none of blue's events", async () => {
    const { green } = pair;
    expect(await green.value("SELECT @@GLOBAL.read_only")).toBe("1");
    expect(await green.value("SELECT @@GLOBAL.server_id")).toBe("2");
    const accounts = await green.rows<{ who: string }>(
      "SELECT CONCAT(user, '@', host) AS who FROM mysql.user",
    );
    const names = accounts.map(({ who }) => who);
    for (const name of ["wikiferry@%", "mysql@localhost", "wikiuser@%", "reader@localhost"])
      expect(names).toContain(name);
    const events = await green.rows("SELECT event_schema AS `schema`, status FROM information_schema.events");
    expect(events).toEqual([{ schema: database, status: "SLAVESIDE_DISABLED" }]);
    expect(await green.value("SELECT COUNT(*) FROM wikiferry.lease")).toBe("0");
    const app = pair.serverAt(
      { ...pair.spec.green.database, adminUser: "wikiuser" },
      pair.secrets.appPassword,
    );
    expect(await app.value("SELECT COUNT(*) > 0 FROM ??.??", [database, `${prefix}page`])).toBe("1");
    await app.close();
    expect(await inGreen("mariadb --no-defaults --socket=/run/mysqld/mysqld.sock -BNe 'SELECT 7'")).toBe("7");
  });

  test("a finished copy is never replaced, and nothing of the old data stays", async () => {
    const before = await copyState(pair.green);
    await copyDatabase(ctx());
    expect(await copyState(pair.green)).toEqual(before);
    expect(await incomingState(ctx())).toBe("empty");
    await pair.green.close();
    await docker.getContainer(pair.containers.green).restart({ t: 60 });
    await answering();
    expect(await copyState(pair.green)).toEqual(before);
  });

  /**
   * Runs a copy in a separate process and kills it when the copy beside green's data has reached a stage; at the report
   * that begins with `stopAt` it waits for that.
   */
  async function killedAt(
    stage: IncomingState,
    { maxBytesPerSecond = 0, blueHost = "blue-db", stopAt = "" },
  ): Promise<void> {
    const spec = structuredClone(pair.spec);
    spec.copy.maxBytesPerSecond = maxBytesPerSecond;
    spec.blue.database.replication.host = blueHost;
    const child = spawn(
      process.execPath,
      ["--import", "tsx", join(__dirname, "../../../../support/copyOnce.ts")],
      {
        stdio: ["pipe", "inherit", "inherit"],
      },
    );
    child.stdin?.end(JSON.stringify({ spec, secrets: pair.secrets, stopAt }));
    try {
      await eventually(async () => seen(stage, child), 120_000, `a copy that is ${stage}`);
    } finally {
      child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    }
    expect(child.signalCode).toBe("SIGKILL");
  }

  /** Neither access data nor a key nor a process is left: the session that held them has ended with the tool. */
  async function nothingIsLeftOnBlue(): Promise<void> {
    await eventually(
      async () => {
        const left = await pair.onBlue(
          "ls /tmp; grep -c wikiferry-copy ~/.ssh/authorized_keys || true; pgrep -fa [d]efaults-file=/tmp/wikiferry || true",
        );
        if (left.trim() !== "0") throw new Error(left);
      },
      30_000,
      "blue's host without traces",
    );
  }

  async function seen(stage: IncomingState, child: ChildProcess): Promise<void> {
    if (child.exitCode !== null) return;
    const state = await incomingState(ctx());
    if (state !== stage) throw new Error(`it is ${state}`);
  }
});
