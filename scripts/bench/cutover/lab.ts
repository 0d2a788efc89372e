import { randomBytes } from "node:crypto";
import type { Side } from "../../../engine/move";
import { waitForGtid } from "../../../engine/movers/mariadb/replication/follow";
import { positions } from "../../../engine/movers/mariadb/replication/status";
import { Gate } from "../../../engine/traffic/gate/gate";
import { DockerWorld } from "../../lab/dockerWorld";
import { type FollowingPair, startFollowingPair } from "../../lab/followingPair";
import { gateContainer } from "../../lab/gateContainer";
import { serviceImage } from "../../lab/image";
import { until } from "../../lab/until";
import { Load } from "./load/load";
import type { BenchOptions } from "./options";
import { say } from "./say";
import { WebApp } from "./web/web";

const pages = 1_000;
/** Page views per second, by four readers. */
const viewRate = 100;
const viewers = 4;
/** Page views on each connection before anything is measured, until V8 has compiled the hot code. */
const warmRounds = 200;

/** A pair of MariaDB servers, a web app on each side, the gate in front of both, and clients that write and read. */
export interface Lab {
  pair: FollowingPair;
  world: DockerWorld;
  apps: Record<Side, WebApp>;
  gate: Gate;
  gateContainer: string;
  /** Of the gate's runtime API. */
  gatePassword: string;
  load: Load;
  close(): Promise<void>;
}

export async function startLab(options: BenchOptions): Promise<Lab> {
  const cleanups: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup().catch(() => {});
  };
  const endEarly = () => void close().finally(() => process.exit(130));
  process.once("SIGINT", endEarly).once("SIGTERM", endEarly);
  try {
    say("starting two MariaDB servers, one following the other");
    const pair = await startFollowingPair();
    cleanups.push(() => pair.stop());
    await fill(pair);

    say("starting the web apps, the gate and the clients");
    const world = new DockerWorld();
    cleanups.push(() => world.close());
    const { network } = pair;
    const connections = options.clients + viewers;
    const startApp = async (side: Side) => {
      const app = await WebApp.start({
        side,
        listen: network.hostAddress,
        database: {
          host: pair.addresses[side],
          port: 3306,
          user: "wikiuser",
          password: pair.secrets.appPassword,
          name: pair.database,
        },
        connections,
      });
      cleanups.push(() => app.end());
      for (let n = 0; n < warmRounds; n++) await app.warm(connections);
      return app;
    };
    const apps = { blue: await startApp("blue"), green: await startApp("green") };
    const password = randomBytes(18).toString("hex");
    const container = await world.run("gate", await serviceImage("gate"), {
      // Docker's own health check costs 20 ms of processor time every 5 s, sometimes during a flip by chance.
      Healthcheck: { Test: ["NONE"] },
      ...gateContainer({
        network: network.name,
        blue: `${network.hostAddress}:${apps.blue.port}`,
        green: `${network.hostAddress}:${apps.green.port}`,
        adminPassword: password,
        volume: await world.volume("gate"),
        // MHA's hook turns the gate from a separate container.
        operators: ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"],
      }),
    });
    const host = await container.address();
    const gate = new Gate({ host, port: 9999 }, pair.pool, { password });
    cleanups.push(async () => gate.close());
    await until("both sides up", async () => {
      const up = await gate.health();
      return up.blue && up.green;
    });
    const load = new Load({
      host,
      port: 8080,
      rate: options.rate,
      clients: options.clients,
      viewRate,
      viewers,
      pages,
    });
    cleanups.push(() => load.end());
    return { pair, world, apps, gate, gateContainer: container.name, gatePassword: password, load, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function fill({ blue, green, database }: FollowingPair): Promise<void> {
  await blue.run(
    `CREATE TABLE ??.edit (
       id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
       token INT UNSIGNED NOT NULL UNIQUE,
       body VARBINARY(1000) NOT NULL
     ) ENGINE = InnoDB`,
    [database],
  );
  await blue.run("CREATE TABLE ??.page (id INT UNSIGNED NOT NULL PRIMARY KEY, body BLOB NOT NULL)", [
    database,
  ]);
  await blue.run(
    "INSERT INTO ??.page SELECT seq, REPEAT(CONCAT('page ', seq, ' '), 200) FROM ??.seq_1_to_1000 WHERE seq <= ?",
    [database, database, pages],
  );
  if (await waitForGtid(green, (await positions(blue)).binlog, 20_000)) return;
  throw new Error("green did not apply the first rows within 20 s");
}
