import { setTimeout as sleep } from "node:timers/promises";
import { catchUp } from "../../../../../engine/movers/mariadb/replication/catchUp";
import { readDurability, relaxDurability } from "../../../../../engine/movers/mariadb/replication/durability";
import { follow } from "../../../../../engine/movers/mariadb/replication/follow";
import { silent } from "../../../../../engine/progress";
import type { Server } from "../../../../../engine/runtime/mariadb/server";
import { deriveSecret } from "../../../../../engine/secrets";
import { Random } from "../../../../../scripts/common/random";
import { localDocker } from "../../../../../scripts/setup/localEngine";
import { type FollowingPair, startFollowingPair } from "../../../../support/followingPair";
import { eventually } from "../../../../support/mariadb";
import { contentOf } from "../../../../support/mariadbContent";

jest.setTimeout(300_000);

const seed = 7;
const kills = ["green", "blue", "green", "green", "blue", "both"] as const;

/** Writes transactions of three rows until it is stopped, and continues after its server died. */
class Writer {
  acknowledged = 0;
  private stopped = false;
  private readonly running: Promise<void>;

  constructor(
    private readonly server: Server,
    private readonly number: number,
  ) {
    this.running = this.loop();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  private async loop(): Promise<void> {
    while (!this.stopped) {
      try {
        const session = await this.server.open({ database: "wikidb", connectTimeoutMs: 2_000 });
        while (!this.stopped) {
          await session.run("BEGIN");
          await session.run("INSERT INTO page (title) VALUES (?)", [`${this.number}-${this.acknowledged}`]);
          await session.run("INSERT INTO revision (page, body) SELECT MAX(id), REPEAT('x', 500) FROM page");
          await session.run("UPDATE stats SET edits = edits + 1");
          await session.run("COMMIT");
          this.acknowledged++;
        }
        await session.close();
      } catch {
        await sleep(100);
      }
    }
  }
}

test(`servers killed while green follows under load (seed ${seed}) end alike, with every acknowledged edit`, async () => {
  const docker = localDocker();
  const pair: FollowingPair = await startFollowingPair();
  let green = pair.green;
  const random = new Random(seed);

  const kill = {
    blue: async () => {
      await pair.onBlue("pkill -9 mariadbd; sleep 0.5; service mariadb start");
      await eventually(() => pair.blue.value("SELECT 1"), 60_000, "blue's MariaDB");
    },
    green: async () => {
      const container = docker.getContainer(pair.containers.green);
      await container.kill();
      await container.start();
      const { Ports } = (await container.inspect()).NetworkSettings;
      const port = Number(Ports["3306/tcp"]?.[0]?.HostPort);
      const password = deriveSecret(pair.secrets.masterSecret, "mariadb-admin");
      green = pair.serverAt({ ...pair.green.place, admin: { host: "127.0.0.1", port } }, password);
      await eventually(() => green.value("SELECT 1"), 60_000, "green's MariaDB");
    },
  };

  try {
    for (const table of [
      "page (id INT PRIMARY KEY AUTO_INCREMENT, title VARBINARY(255) UNIQUE) ENGINE = InnoDB",
      "revision (id INT PRIMARY KEY AUTO_INCREMENT, page INT, body BLOB, KEY (page)) ENGINE = InnoDB",
      "stats (id INT PRIMARY KEY, edits INT) ENGINE = InnoDB",
    ])
      await pair.blue.run(`CREATE TABLE wikidb.${table}`);
    await pair.blue.run("INSERT INTO wikidb.stats VALUES (1, 0)");
    const writers = [1, 2, 3].map((number) => new Writer(pair.blue, number));
    try {
      for (const side of kills) {
        expect(await relaxDurability(green)).toBe("relaxed");
        await sleep(300 + random.below(900));
        if (side === "both") await Promise.all([kill.green(), kill.blue()]);
        else await kill[side]();
        // A server that its settings file starts has strict durability again.
        if (side !== "blue") expect(await readDurability(green)).toBe("full");
        await follow(green, pair.blue, pair.replicationPassword, {}, { timeoutMs: 30_000 });
        // Otherwise it could stay behind three writers where a disk is slow.
        await relaxDurability(green);
        await catchUp(green, pair.blue, { report: silent });
      }
    } finally {
      await Promise.all(writers.map((writer) => writer.stop()));
    }
    await catchUp(green, pair.blue, { report: silent, lagMs: 300 });
    const acknowledged = writers.reduce((sum, writer) => sum + writer.acknowledged, 0);
    process.stdout.write(`${acknowledged} edits acknowledged through ${kills.length} kills\n`);
    expect(acknowledged).toBeGreaterThan(100);
    const titles = "SELECT COUNT(*) FROM wikidb.page";
    expect(Number(await green.value(titles))).toBeGreaterThanOrEqual(acknowledged);
    expect(await contentOf(green, "wikidb")).toEqual(await contentOf(pair.blue, "wikidb"));
    await green.close();
  } finally {
    await pair.stop();
  }
});
