import { openSnapshot } from "../../../../../engine/movers/mariadb/copy/logical/snapshot";
import { relaxDurability } from "../../../../../engine/movers/mariadb/replication/durability";
import { waitForGtid } from "../../../../../engine/movers/mariadb/replication/follow";
import { positions } from "../../../../../engine/movers/mariadb/replication/status";
import { openSnapshots } from "../../../../../engine/movers/mariadb/verify/snapshots";
import { type FollowingPair, startFollowingPair } from "../../../../support/followingPair";
import { until } from "../../../../support/until";

let pair: FollowingPair;
let first: number;

beforeAll(async () => {
  pair = await startFollowingPair();
  // There are many writers, and green applies one transaction after the other.
  await relaxDurability(pair.green);
  await pair.blue.run(`CREATE TABLE \`${pair.database}\`.counted (id INT AUTO_INCREMENT PRIMARY KEY)`);
  first = sequence((await pair.blue.value("SELECT @@gtid_binlog_pos")) ?? "");
});

afterAll(() => pair?.stop());

const sequence = (gtid: string) => Number(gtid.split("-")[2]);

/**
 * Every transaction is one row; meanwhile something asks the server for its status all the time.
 * @param rest What a writer waits for after every hundred rows.
 */
async function underWrites(work: () => Promise<void>, rest = async () => {}): Promise<void> {
  let going = true;
  const each = async (statement: string) => {
    const session = await pair.blue.open({ database: pair.database });
    for (let n = 1; going; n++) {
      await session.rows(statement);
      if (n % 100 === 0) await rest();
    }
    await session.close();
  };
  const others = [
    ...Array.from({ length: 8 }, () => each("INSERT INTO counted VALUES ()")),
    each("SHOW GLOBAL STATUS LIKE 'Threads_running'"),
  ];
  try {
    await work();
  } finally {
    going = false;
    await Promise.all(others);
  }
}

test(
  "a copy's snapshot matches its position, though others ask the server for its status",
  () =>
    underWrites(async () => {
      for (let round = 0; round < 80; round++) {
        const { readers, gtid } = await openSnapshot(pair.blue, 4);
        const counts = await Promise.all(
          readers.map((reader) => reader.rows(`SELECT COUNT(*) FROM \`${pair.database}\`.counted`)),
        );
        const rows = sequence(gtid) - first;
        expect(counts.map(([row]) => Number(row?.[0]?.toString()))).toEqual([rows, rows, rows, rows]);
        for (const reader of readers) reader.destroy();
      }
    }),
  300_000,
);

/** When green has everything that blue had. */
async function greenCaughtUp(timeoutMs: number): Promise<void> {
  expect(await waitForGtid(pair.green, (await positions(pair.blue)).binlog, timeoutMs)).toBe(true);
}

describe("a comparison's snapshots", () => {
  // The previous test wrote as fast as blue could.
  beforeAll(() => greenCaughtUp(240_000), 250_000);

  test("on both sides are the same", async () => {
    const compare = async () => {
      for (let round = 0; round < 12; round++) {
        const { primary, replica, gtid, close } = await openSnapshots(pair.blue, pair.green, { sessions: 4 });
        const rows = sequence(gtid) - first;
        for (const session of [...primary, ...replica])
          expect(Number(await session.value(`SELECT COUNT(*) FROM \`${pair.database}\`.counted`))).toBe(rows);
        await close();
      }
    };
    await underWrites(compare, () => greenCaughtUp(60_000));
  }, 300_000);

  test("are waited for while green makes progress, and given up when it stands still", async () => {
    await greenCaughtUp(60_000);
    const slowed = await pair.green.open();
    await slowed.run("SET SESSION sql_log_bin = 0");
    const patient = { patienceMs: 5_000 };
    const stopping =
      "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO = 'STOP SLAVE' AND TIME_MS > 1000";
    const open = () => openSnapshots(pair.blue, pair.green, patient);
    try {
      await slowed.run("CREATE TRIGGER ??.slow BEFORE INSERT ON ??.counted FOR EACH ROW DO SLEEP(0.5)", [
        pair.database,
        pair.database,
      ]);
      await slowed.run("STOP SLAVE");
      await slowed.run("SET GLOBAL slave_run_triggers_for_rbr = YES");
      for (let row = 0; row < 20; row++)
        await pair.blue.run("INSERT INTO ??.counted VALUES ()", [pair.database]);
      const began = performance.now();
      await (await open()).close();
      expect(performance.now() - began).toBeGreaterThan(patient.patienceMs);
    } finally {
      await slowed.run("DROP TRIGGER ??.slow", [pair.database]);
      await slowed.run("SET GLOBAL slave_run_triggers_for_rbr = NO");
    }
    await slowed.run("STOP SLAVE");
    await slowed.run("LOCK TABLES ??.counted READ", [pair.database]);
    await pair.blue.run("INSERT INTO ??.counted VALUES ()", [pair.database]);
    const given = expect(open()).rejects.toThrow(
      /VERIFY_NO_SNAPSHOT: green did not reach .* it has stood at .* for 5 s/,
    );
    // Then it stops the stream, which waits for the transaction that stands still.
    await until("that it gives up", () => pair.green.value(stopping).then((n) => n === "1"), 60_000);
    slowed.destroy();
    await given;
    await greenCaughtUp(30_000);
  });
});
