import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Journal } from "../../../engine/control/mariadb/journal";
import { initRole } from "../../../engine/control/mariadb/role";
import { ensureReplicationAccount } from "../../../engine/movers/mariadb/accounts/accounts";
import { adopt } from "../../../engine/movers/mariadb/adopt/adopt";
import { silent } from "../../../engine/progress";
import { deriveSecret } from "../../../engine/secrets";
import { put, sh } from "../../common/docker";
import { derivedImage } from "../../lab/derivedImage";
import { DockerWorld, type RunningContainer } from "../../lab/dockerWorld";
import { blueWithBackup } from "../../lab/image";
import { eventually, type Pair, startPair } from "../../lab/pair";
import { say } from "../cutover/say";
import { debianBase } from "../toolImage";
import { startReaper } from "./reaper";

/** The account of the public tools, valid from anywhere, with all privileges. */
export const toolAccount = "bench_tool";
/** Where the tools' host sees green's data directory. */
export const greenData = "/green";

/** A blue that can be replicated, an empty green, and a host between them with the public tools. */
export interface Lab {
  pair: Pair;
  database: string;
  /** Container with mydumper, the clients, mariadb-backup and ssh. */
  tools: string;
  /** Stops green, deletes all its data, and starts it as it was at first. */
  resetGreen(): Promise<void>;
  stopGreen(): Promise<void>;
  /** Returns when green's server accepts root in its container. */
  startGreen(): Promise<void>;
  close(): Promise<void>;
}

export async function startLab(): Promise<Lab> {
  const cleanups: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup().catch(() => {});
  };
  const endEarly = () => void close().finally(() => process.exit(130));
  process.once("SIGINT", endEarly).once("SIGTERM", endEarly);
  cleanups.push(startReaper());
  try {
    say("starting two MariaDB servers and a host for the public tools");
    const world = new DockerWorld();
    cleanups.push(() => world.close());
    const volume = await world.volume("green");
    const pair = await startPair({
      images: { blue: await blueWithBackup() },
      volumes: { green: volume },
      lasting: true,
      // The same defaults as in the stack's config.
      greenEnv: { INNODB_BUFFER_POOL_SIZE: "512M", INNODB_LOG_FILE_SIZE: "256M" },
    });
    cleanups.push(() => pair.stop());
    await adopt(pair.blue, await pair.pool.to(pair.ssh), pair.spec.blue.database, {
      allowRestart: true,
      masterSecret: pair.secrets.masterSecret,
      greenHost: pair.spec.green.database.replication.host,
      journal: new Journal(undefined),
      report: silent,
    });
    await initRole(pair.blue, { wiki: pair.spec.wiki.name });
    await ensureReplicationAccount(pair.blue, deriveSecret(pair.secrets.masterSecret, "mariadb-replication"));
    const own = await pair.blue.sessionWithoutBinlog();
    await own.run("CREATE USER ?@'%' IDENTIFIED BY ?", [toolAccount, pair.secrets.appPassword]);
    await own.run("GRANT ALL ON *.* TO ?@'%'", [toolAccount]);
    const tools = await startTools(pair, world, volume);
    return {
      pair,
      database: pair.spec.wiki.database,
      tools: tools.name,
      ...greenHost(pair, tools.name),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function greenHost(pair: Pair, tools: string): Pick<Lab, "resetGreen" | "stopGreen" | "startGreen"> {
  const container = new DockerWorld().docker.getContainer(pair.containers.green);
  const stopGreen = async () => {
    await pair.green.close();
    await container.stop({ t: 60 });
  };
  const startGreen = async () => {
    await container.start();
    for (;;) {
      const up = await sh(
        container.id,
        "mariadb --no-defaults --socket=/run/mysqld/mysqld.sock -e 'SELECT 1'",
        {
          user: "root",
        },
      ).catch(() => undefined);
      if (up) return;
      await sleep(100);
    }
  };
  return {
    stopGreen,
    startGreen,
    async resetGreen() {
      await stopGreen();
      await sh(tools, `find ${greenData} -mindepth 1 -delete`);
      await container.start();
      await eventually(async () => void (await pair.green.value("SELECT 1")), 60_000, "green's MariaDB");
    },
  };
}

async function startTools(pair: Pair, world: DockerWorld, volume: string): Promise<RunningContainer> {
  const image = await derivedImage("bench-copy", join(__dirname, "image"), await debianBase(world.docker));
  const tools = await world.run("tools", image, {
    HostConfig: { NetworkMode: pair.network.name, Init: true, Binds: [`${volume}:${greenData}`] },
  });
  const access = (host: string, user: string, password: string) =>
    `[client]\nhost=${host}\nuser=${user}\npassword=${password}\n`;
  const { secrets } = pair;
  await put(tools.name, [
    { path: "/root/blue.cnf", content: access("blue-db", toolAccount, secrets.appPassword) },
    {
      path: "/root/green.cnf",
      content: access("green-db", "wikiferry", deriveSecret(secrets.masterSecret, "mariadb-admin")),
    },
    { path: "/root/.ssh/id_ed25519", content: secrets.sshPrivateKey, mode: 0o600 },
    { path: "/root/.ssh/known_hosts", content: `blue-db ${pair.ssh.hostKey}\n` },
  ]);
  return tools;
}
