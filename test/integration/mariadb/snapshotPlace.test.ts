import { openSnapshot } from "../../../engine/mariadb/copy/logical/snapshot";
import { openSnapshots } from "../../../engine/mariadb/verify/snapshots";
import { type FollowingPair, startFollowingPair } from "../../support/followingPair";

let pair: FollowingPair;
let first: number;

beforeAll(async () => {
  pair = await startFollowingPair();
  await pair.blue.run(`CREATE TABLE \`${pair.database}\`.counted (id INT AUTO_INCREMENT PRIMARY KEY)`);
  first = sequence((await pair.blue.value("SELECT @@gtid_binlog_pos")) ?? "");
}, 120_000);

afterAll(() => pair?.stop());

const sequence = (gtid: string) => Number(gtid.split("-")[2]);

/** Every transaction is one row; meanwhile somebody asks the server for its status, on and on. */
async function underWrites(work: () => Promise<void>): Promise<void> {
  let going = true;
  const each = async (statement: string) => {
    const session = await pair.blue.open({ database: pair.database });
    while (going) await session.rows(statement);
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
  "a copy's snapshot is what its position says, though others ask the server for its status",
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

test(
  "a comparison's snapshots on both sides are the same",
  () =>
    underWrites(async () => {
      for (let round = 0; round < 12; round++) {
        const { primary, replica, gtid, close } = await openSnapshots(pair.blue, pair.green, 4);
        const rows = sequence(gtid) - first;
        for (const session of [...primary, ...replica])
          expect(Number(await session.value(`SELECT COUNT(*) FROM \`${pair.database}\`.counted`))).toBe(rows);
        await close();
      }
    }),
  300_000,
);
