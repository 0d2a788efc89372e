import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import type Docker from "dockerode";
import { messageOf } from "../../engine/errors";
import {
  type DatabaseSide,
  type MoveSpec,
  otherSide,
  type Secrets,
  type Side,
  type SshTarget,
} from "../../engine/move";
import { issueCertificate } from "../../engine/movers/mariadb/tls/certificates";
import { type ReplicatedServer, Server } from "../../engine/runtime/mariadb/server";
import { freshKey } from "../../engine/runtime/ssh/freshKey";
import { SshPool } from "../../engine/runtime/ssh/pool";
import { deriveSecret } from "../../engine/secrets";
import { runOnce } from "../common/docker";
import { type PutFile, putFiles } from "../common/putFiles";
import { localDocker } from "../setup/localEngine";
import { freePort } from "./freePort";
import { serviceImage } from "./image";
import { labelsOfOurs, removeLeftovers } from "./leftovers";
import { secretFiles, serverUid } from "./secretFiles";

const docker = localDocker();
const dataDirectory = "/var/lib/mysql";

/** A separate pair of blue and green MariaDB on its own network. */
export interface Pair {
  blue: ReplicatedServer;
  green: ReplicatedServer;
  pool: SshPool;
  secrets: Secrets;
  ssh: SshTarget;
  spec: MoveSpec;
  containers: { blue: string; green: string };
  /** Of the network in which both are. */
  network: { name: string; hostAddress: string };
  /** In that network. They survive a restart only if `fixed` was requested. */
  addresses: Record<Side, string>;
  /** A replacement for `blue` or `green` with different access data. */
  serverAt(place: DatabaseSide, password: string): ReplicatedServer;
  /** Runs a command as root on blue's host. */
  onBlue(command: string): Promise<string>;
  stop(): Promise<void>;
}

export interface PairOptions {
  /** Database on blue. Defaults to `wikidb`. */
  database?: string;
  tablePrefix?: string;
  /** What stands between the sides, so that it can be cut. By default they reach each other directly. */
  relay?: Relay;
  /** Images other than those of the project's folders. */
  images?: Partial<Record<Side, string>>;
  /** Volumes for the data directories; what is in them is deleted. Defaults to anonymous ones. */
  volumes?: Partial<Record<Side, string>>;
  /** Whether Docker restarts a container whose server ends, as in production, with the same ports on 127.0.0.1. */
  lasting?: boolean;
  /** Of green's container, on top of the lab's own. */
  greenEnv?: Record<string, string>;
}

/**
 * Listens on the host's address in the network for connections to each side's database, and returns the ports. Called
 * once the network exists. The addresses of both sides are then fixed and survive restarts.
 */
export type Relay = (hostAddress: string, addresses: Record<Side, string>) => Promise<Record<Side, number>>;

/** Starts both; blue with default settings, as found in the wild. Call `stop` in `afterAll`. */
export async function startPair(options: PairOptions = {}): Promise<Pair> {
  await removeLeftovers();
  const images = {
    blue: options.images?.blue ?? (await serviceImage("blue-db")),
    green: options.images?.green ?? (await serviceImage("mariadb")),
  };
  const database = options.database ?? "wikidb";
  const id = `${process.pid}-${randomBytes(3).toString("hex")}`;
  const labels = labelsOfOurs();
  const operator = freshKey();
  const host = freshKey();
  const secrets: Secrets = {
    sshPrivateKey: operator.private,
    blueAdminPassword: `blue-admin-${randomBytes(8).toString("hex")}`,
    appPassword: `app-${randomBytes(8).toString("hex")}`,
    wikiSecretKey: randomBytes(32).toString("hex"),
    masterSecret: randomBytes(24).toString("base64"),
  };
  const volumes = Object.values(options.volumes ?? {});
  // The accounts and certificates of an earlier pair would not be this one's.
  for (const volume of volumes)
    await runOnce(images.blue, "find /data -mindepth 1 -delete", [`${volume}:/data`], labels);
  const network = await createNetwork(`wikiferry-test-${id}`, labels, options.relay !== undefined);
  const relayed = await options.relay?.(network.hostAddress, network.addresses);
  const started: Docker.Container[] = [];
  const start = async (
    side: Side,
    env: Record<string, string>,
    ports: number[],
    files: PutFile[] = [],
  ): Promise<{ container: Docker.Container; ports: number[]; address: string }> => {
    const name = `${side}-db`;
    const volume = options.volumes?.[side];
    // A port that Docker chooses changes at each start.
    const chosen = await Promise.all(
      ports.map(async () => (options.lasting ? String(await freePort()) : "")),
    );
    const container = await docker.createContainer({
      name: `wikiferry-test-${name}-${id}`,
      Image: images[side],
      Labels: labels,
      Env: Object.entries(env).map(([key, value]) => `${key}=${value}`),
      ExposedPorts: Object.fromEntries(ports.map((port) => [`${port}/tcp`, {}])),
      HostConfig: {
        // The name by which the other side knows itself, so that its certificate is valid for the relay, too.
        ExtraHosts: relayed ? [`${otherSide(side)}-db:${network.hostAddress}`] : [],
        Binds: volume ? [`${volume}:${dataDirectory}`] : [],
        RestartPolicy: { Name: options.lasting ? "unless-stopped" : "" },
        PortBindings: Object.fromEntries(
          ports.map((port, at) => [`${port}/tcp`, [{ HostIp: "127.0.0.1", HostPort: chosen[at] }]]),
        ),
      },
      NetworkingConfig: {
        EndpointsConfig: {
          [network.name]: {
            Aliases: [name],
            ...(relayed ? { IPAMConfig: { IPv4Address: network.addresses[side] } } : {}),
          },
        },
      },
    });
    started.push(container);
    if (files.length > 0) await putFiles(container, files);
    await container.start();
    const { Ports, Networks } = (await container.inspect()).NetworkSettings;
    return {
      container,
      ports: ports.map((port) => Number(Ports[`${port}/tcp`]?.[0]?.HostPort)),
      address: Networks[network.name]?.IPAddress ?? "",
    };
  };

  const tls = await issueCertificate(secrets.masterSecret, "green", ["green-db"], new Date());
  const [blueHost, greenHost] = await Promise.all([
    start(
      "blue",
      {},
      [22],
      [
        { path: "/root/.ssh/authorized_keys", content: `${operator.public}\n` },
        { path: "/etc/ssh/ssh_host_ed25519_key", content: `${host.private}\n` },
      ],
    ),
    start(
      "green",
      {
        ROLE_NAME: "green",
        SERVER_ID: "2",
        INNODB_BUFFER_POOL_SIZE: "64M",
        INNODB_LOG_FILE_SIZE: "32M",
        ...options.greenEnv,
      },
      [3306],
      secretFiles(serverUid, {
        "admin-password": deriveSecret(secrets.masterSecret, "mariadb-admin"),
        "ca.pem": tls.ca,
        "cert.pem": tls.cert,
        "key.pem": tls.key,
      }),
    ),
  ]);
  const ssh: SshTarget = {
    host: "127.0.0.1",
    port: blueHost.ports[0] as number,
    user: "root",
    hostKey: host.public,
  };
  const bluePlace: DatabaseSide = {
    side: "blue",
    admin: { host: "127.0.0.1", port: 3306, via: ssh },
    adminUser: "wikiadmin",
    replication: { host: "blue-db", port: relayed?.blue ?? 3306 },
    serverId: 1,
  };
  const greenPlace: DatabaseSide = {
    side: "green",
    admin: { host: "127.0.0.1", port: greenHost.ports[0] as number },
    adminUser: "wikiferry",
    replication: { host: "green-db", port: relayed?.green ?? 3306 },
    serverId: 2,
  };
  const pool = new SshPool(secrets.sshPrivateKey);
  const blue = new Server(bluePlace, secrets.blueAdminPassword, pool);
  const green = new Server(greenPlace, deriveSecret(secrets.masterSecret, "mariadb-admin"), pool);
  const onBlue = async (command: string) => (await pool.to(ssh)).run(command);

  await eventually(() => listens(ssh.port), 30_000, "blue's sshd");
  await eventually(async () => void (await onBlue("mariadb-admin ping")), 30_000, "blue's MariaDB");
  await (await pool.to(ssh)).run(
    "mariadb",
    `CREATE USER wikiadmin@localhost IDENTIFIED BY '${secrets.blueAdminPassword}';
     GRANT ALL ON *.* TO wikiadmin@localhost WITH GRANT OPTION;
     CREATE DATABASE \`${database}\` CHARACTER SET binary;
     CREATE USER wikiuser@'%' IDENTIFIED BY '${secrets.appPassword}';
     GRANT ALL ON \`${database}\`.* TO wikiuser@'%';`,
  );
  await eventually(async () => void (await green.value("SELECT 1")), 60_000, "green's MariaDB");

  return {
    blue,
    green,
    pool,
    secrets,
    ssh,
    containers: { blue: blueHost.container.id, green: greenHost.container.id },
    network: { name: network.name, hostAddress: network.hostAddress },
    addresses: { blue: blueHost.address, green: greenHost.address },
    spec: specOf(database, options.tablePrefix ?? "", bluePlace, greenPlace, ssh, greenHost.container.id),
    serverAt: (place, password) => new Server(place, password, pool),
    onBlue,
    stop: async () => {
      await blue.close();
      await green.close();
      await pool.close();
      await Promise.all(started.map((container) => container.remove({ force: true, v: true })));
      await network.remove();
    },
  };
}

function specOf(
  database: string,
  tablePrefix: string,
  blue: DatabaseSide,
  green: DatabaseSide,
  ssh: SshTarget,
  greenContainer: string,
): MoveSpec {
  const nowhere = { host: "127.0.0.1", port: 9 };
  return {
    wiki: {
      name: "testwiki",
      database,
      tablePrefix,
      appUser: "wikiuser",
      serverUrl: "http://127.0.0.1:9",
      apiPath: "/api.php",
      uploadPath: "/images",
      hashedUploads: true,
    },
    blue: {
      database: {
        ...blue,
        ssh,
        restart: "service mariadb restart",
        configDirectory: "/etc/mysql/mariadb.conf.d",
      },
      web: {
        ssh,
        address: nowhere,
        tls: undefined,
        mediawikiDirectory: "/nowhere",
        jobs: { stop: "true", start: "true" },
        refreshCaches: "true",
      },
      files: { ssh, directory: "/nowhere", address: nowhere },
    },
    green: {
      database: { ...green, container: greenContainer },
      mediawiki: { container: "none", port: nowhere.port },
      jobs: { container: "none" },
      redis: { cache: { container: "none" }, sessions: { container: "none" } },
      databaseProxy: { container: "none" },
      fileSync: { container: "none", directory: "/nowhere" },
    },
    gate: { container: "none", admin: nowhere, http: nowhere },
    files: { maxDelete: 500, allowDelete: "", allowLost: 0, keepDays: 30 },
    copy: { method: "auto", maxBytesPerSecond: 0 },
    verify: { sessions: 4, repair: false, pauseMs: 20 },
    compare: { addresses: 100, maxDifferent: 0, ignore: {}, account: "" },
    cutover: {
      maxLagMs: 100,
      lagStableMs: 2_000,
      lagWaitMs: 20_000,
      drainMs: 2_000,
      catchUpMs: 5_000,
      attemptMs: 8_000,
      longTransactionMs: 1_000,
      verificationMaxAgeMs: 600_000,
    },
  };
}

interface Network {
  name: string;
  hostAddress: string;
  /** Free for the two servers, if the network's addresses are of our choosing; else not theirs. */
  addresses: Record<Side, string>;
  remove(): Promise<void>;
}

/** Fixed addresses need a subnet of our choosing: one of 10.213.0.0/16 that is free. */
async function createNetwork(name: string, labels: Record<string, string>, fixed: boolean): Promise<Network> {
  for (let tries = 0; ; tries++) {
    const subnet = `10.213.${randomBytes(1)[0]}`;
    try {
      const network = await docker.createNetwork({
        Name: name,
        Labels: labels,
        ...(fixed ? { IPAM: { Config: [{ Subnet: `${subnet}.0/24`, Gateway: `${subnet}.1` }] } } : {}),
      });
      const inspected: Docker.NetworkInspectInfo = await network.inspect();
      return {
        name,
        hostAddress: inspected.IPAM?.Config?.[0]?.Gateway ?? "",
        addresses: { blue: `${subnet}.11`, green: `${subnet}.12` },
        remove: () => network.remove(),
      };
    } catch (error) {
      if (!fixed || tries === 20) throw error;
    }
  }
}

/** Repeats `attempt` until it no longer throws. */
export async function eventually<T>(attempt: () => Promise<T>, timeoutMs: number, what: string): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > end) throw new Error(`${what}: not within ${timeoutMs} ms: ${messageOf(error)}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

function listens(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.setTimeout(1_000, () => socket.destroy(new Error("no answer")));
    socket.once("data", () => {
      socket.destroy();
      resolve();
    });
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("closed")));
  });
}

/** A key pair that nobody expects. */
export function strangerKey(): { private: string; public: string } {
  return freshKey();
}
