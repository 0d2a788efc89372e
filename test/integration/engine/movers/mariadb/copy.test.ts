import { once } from "node:events";
import { copyDatabase } from "../../../../../engine/movers/mariadb/copy/copy";
import { startDump } from "../../../../../engine/movers/mariadb/copy/dump";
import { copyState } from "../../../../../engine/movers/mariadb/copy/state";
import { follow, waitForGtid } from "../../../../../engine/movers/mariadb/replication/follow";
import { positions } from "../../../../../engine/movers/mariadb/replication/status";
import { silent } from "../../../../../engine/progress";
import { deriveSecret } from "../../../../../engine/secrets";
import { Tool } from "../../../../../scripts/faults/copy/tool";
import { startAdoptedPair } from "../../../../support/adopted";
import { eventually, type Pair } from "../../../../support/mariadb";
import { addPage, contentOf, fillWiki, trickyTitles } from "../../../../support/mariadbContent";

jest.setTimeout(180_000);

const database = "wiki-db";
const prefix = "mw_";

describe("copying a wiki's database", () => {
  let pair: Pair;
  const copy = () => copyDatabase({ ...pair, report: silent });
  const caughtUp = async () => {
    const { binlog } = await positions(pair.blue);
    expect(await waitForGtid(pair.green, binlog, 30_000)).toBe(true);
  };

  beforeAll(async () => {
    pair = await startAdoptedPair({ database, tablePrefix: prefix });
    await fillWiki(pair.blue, database, { pages: 3000, prefix, textBytes: 4000 });
    // So that one more run of the event could only be green's own.
    await pair.blue.run("SET GLOBAL event_scheduler = OFF");
    await pair.blue.run("TRUNCATE ??.??", [database, `${prefix}tick`]);
  });
  afterAll(() => pair?.stop());

  test("a green with someone else's tables is refused and left as it is", async () => {
    await pair.green.run("CREATE DATABASE other");
    await pair.green.run("CREATE TABLE other.precious (id INT)");
    await expect(copy()).rejects.toMatchObject({
      code: "GREEN_NOT_EMPTY",
      found: expect.stringContaining("other"),
    });
    expect(await pair.green.rows("SELECT * FROM other.precious")).toEqual([]);
    expect(await pair.green.value("SHOW DATABASES LIKE 'wikiferry'")).toBeUndefined();
    await pair.green.run("DROP DATABASE other");
  });

  test("a wrong password is named, and nothing is started", async () => {
    const blue = pair.serverAt(pair.spec.blue.database, "wrong");
    await expect(copyDatabase({ ...pair, blue, report: silent })).rejects.toMatchObject({
      code: "DB_ACCESS_DENIED",
      found: expect.stringMatching(/Access denied/),
    });
    expect(await copyState(pair.green)).toEqual({ state: "none" });
  });

  test("a dump under way keeps the password in no file, argument or environment on blue, so a kill leaves none", async () => {
    const { pool, ssh, spec, secrets } = pair;
    const dump = await startDump(await pool.to(ssh), spec.blue.database, secrets.blueAdminPassword, database);
    try {
      await once(dump.channel, "readable");
      // The pattern arrives on standard input, or grep would find its own argument.
      const places = "/tmp /var/tmp /dev/shm /run /proc/[0-9]*/cmdline /proc/[0-9]*/environ";
      const script = `pgrep -x mariadb-dump >/dev/null && grep -rlsF -f - ${places}; true`;
      const found = await (await pool.to(ssh)).run(script, `${secrets.blueAdminPassword}\n`);
      expect(found.trim()).toBe("");
      expect(await pair.onBlue("pgrep -xc mariadb-dump")).toMatch(/^1/);
    } finally {
      dump.stop();
    }
  });

  test("after a kill in the middle the next run continues and ends with the same content, while the wiki is edited", async () => {
    const tool = new Tool({
      spec: { ...pair.spec, copy: { ...pair.spec.copy, maxBytesPerSecond: 4_000_000 } },
      secrets: pair.secrets,
      pieceBytes: 1_000_000,
    });
    await eventually(
      async () => {
        const rows = await pair.green.value(`SELECT COUNT(*) FROM ??.${prefix}text`, [database]);
        if (Number(rows) === 0) throw new Error("nothing there yet");
      },
      30_000,
      "first rows on green",
    );
    await tool.kill();
    expect(await copyState(pair.green)).toEqual({ state: "copying" });
    const before = await pair.green.value("SELECT SUM(copied_rows) FROM wikiferry.copy_range");

    let editing = true;
    let edits = 0;
    const editor = (async () => {
      const session = await pair.blue.open({ database });
      while (editing) {
        await addPage(session, prefix, `During_${edits}`, Buffer.from(`text ${edits}`));
        await session.run(`UPDATE ${prefix}text SET old_text = ? WHERE old_id = ?`, [
          `new ${edits}`,
          1 + (edits % 3000),
        ]);
        await session.run(`UPDATE ${prefix}searchindex SET si_text = ? WHERE si_page = ?`, [
          `again ${edits}`,
          1 + (edits % 500),
        ]);
        await session.run(`DELETE FROM ${prefix}searchindex WHERE si_page = ?`, [600 + (edits % 500)]);
        await session.run(`UPDATE ${prefix}keyless SET k_value = k_value + 1 WHERE k_name = ?`, [
          `k${edits % 7}`,
        ]);
        edits++;
      }
      await session.close();
    })();
    await eventually(
      async () => {
        if (edits < 5) throw new Error("no edits yet");
      },
      30_000,
      "edits",
    );
    const result = await copy();
    editing = false;
    await editor;
    process.stdout.write(
      `went on after ${before} rows, copied ${result.bytes} bytes in ${result.copyMs} ms during ${edits} edits\n`,
    );
    expect(Number(before)).toBeGreaterThan(0);
    expect(result.rows).toBeGreaterThanOrEqual(Number(before));
    expect(edits).toBeGreaterThan(5);
    expect(result.converged).toEqual([`${prefix}searchindex`]);
    expect(await pair.green.value("SELECT @@GLOBAL.slave_exec_mode")).toBe("STRICT");
    expect(await pair.green.value("SELECT @@GLOBAL.replicate_ignore_table")).toBe("");
    expect(await copyState(pair.green)).toEqual({ state: "copied", ...result });

    await follow(pair.green, pair.blue, deriveSecret(pair.secrets.masterSecret, "mariadb-replication"));
    await caughtUp();
    expect(await contentOf(pair.green, database)).toEqual(await contentOf(pair.blue, database));
    const ticks = `SELECT COUNT(*) FROM ??.${prefix}tick`;
    expect(await pair.green.value(ticks, [database])).toBe(await pair.blue.value(ticks, [database]));
  });

  test("titles arrive byte for byte; views, triggers, routines and events exist, and events are disabled", async () => {
    for (const title of trickyTitles) {
      const hex = await pair.green.value(
        `SELECT HEX(page_title) FROM ??.${prefix}page WHERE page_title = ?`,
        [database, Buffer.from(title)],
      );
      expect(hex).toBe(Buffer.from(title).toString("hex").toUpperCase());
    }
    const definition = (server: Pair["blue"]) =>
      server.row("SHOW CREATE TABLE ??.??", [database, `${prefix}legacy`]);
    expect(await definition(pair.green)).toEqual(await definition(pair.blue));
    const made = (server: Pair["blue"]) => server.row("SHOW CREATE DATABASE ??", [database]);
    expect(await made(pair.green)).toEqual(await made(pair.blue));
    expect(await pair.green.value(`SELECT COUNT(*) FROM ??.${prefix}titles`, [database])).not.toBe("0");
    expect(await pair.green.value(`SELECT ??.${prefix}one()`, [database])).toBe("1");
    expect(await pair.green.value("SELECT STATUS FROM information_schema.events")).toBe("SLAVESIDE_DISABLED");
    expect(
      await pair.green.value("SELECT COUNT(*) FROM information_schema.triggers WHERE trigger_schema = ?", [
        database,
      ]),
    ).toBe("1");
  });

  test("a finished copy is never repeated, and green has no transactions of its own", async () => {
    const before = await copyState(pair.green);
    await copy();
    expect(await copyState(pair.green)).toEqual(before);
    const { binlog } = await positions(pair.green);
    expect(binlog).toBe((await positions(pair.blue)).binlog);
  });

  test("rows of a table without a key are found and changed on green", async () => {
    await pair.blue.run(`UPDATE ??.${prefix}keyless SET k_value = -1 WHERE k_name = 'k3'`, [database]);
    await pair.blue.run(`DELETE FROM ??.${prefix}keyless WHERE k_name = 'k4' LIMIT 2`, [database]);
    await caughtUp();
    expect(await contentOf(pair.green, database)).toEqual(await contentOf(pair.blue, database));
  });
});
