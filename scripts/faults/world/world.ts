import { randomBytes } from "node:crypto";
import type { CutoverLimits, Side } from "../../../engine/move";
import { armWatchdog } from "../../../engine/movers/mariadb/fencing/watchdog";
import { verify } from "../../../engine/movers/mariadb/verify/verify";
import { type ReplicatedServer, Server } from "../../../engine/runtime/mariadb/server";
import { SshPool } from "../../../engine/runtime/ssh/pool";
import { deriveSecret } from "../../../engine/secrets";
import { Gate } from "../../../engine/traffic/gate/gate";
import { DockerWorld } from "../../lab/dockerWorld";
import { type FollowingPair, startFollowingPair } from "../../lab/followingPair";
import { gateContainer } from "../../lab/gateContainer";
import { serviceImage } from "../../lab/image";
import { smallDisk } from "../../lab/smallDisk";
import { until } from "../../lab/until";
import type { Operator } from "../operator/operator";
import type { Halt } from "../operator/order";
import { TcpProxy } from "../proxy";
import { Clients } from "./clients";
import { DatabaseHost } from "./databaseHost";
import { GateHost } from "./gateHost";
import { clockedImage } from "./images";
import { Probe } from "./probe";
import type { Ways } from "./ways";
import { WebApp } from "./webApp";

const sides = ["blue", "green"] as const;
/** Space for the data of each database, in MB: small, so that filling it up is quick. */
const diskMb = 400;

/** Short, so that many runs fit into an hour. Their proportions are as in a real move. */
export const limits: CutoverLimits = {
  maxLagMs: 500,
  lagStableMs: 300,
  lagWaitMs: 3_000,
  drainMs: 1_000,
  catchUpMs: 1_200,
  attemptMs: 3_000,
  longTransactionMs: 1_000,
  verificationMaxAgeMs: 24 * 60 * 60 * 1_000,
};

/**
 * Two database servers that follow each other, a web app for each, the gate in front of both, and clients that write.
 */
export interface World {
  pair: FollowingPair;
  /** Each server through the campaign's own account, past every path that a fault breaks. */
  servers: Record<Side, ReplicatedServer>;
  hosts: Record<Side, DatabaseHost>;
  gateHost: GateHost;
  /** Past the path that a fault breaks. */
  gate: Gate;
  ways: Ways;
  clients: Clients;
  probes: Record<Side, Probe>;
  /** Gives a process its order, which makes it the tool. */
  command(operator: Operator, flip: { from: Side; to: Side; halt?: Halt }): void;
  close(): Promise<void>;
}

export async function startWorld(load: { clients: number; perSecond: number }): Promise<World> {
  const cleanups: (() => Promise<unknown> | unknown)[] = [];
  const close = async () => {
    for (const cleanup of cleanups.splice(0).reverse())
      await Promise.resolve()
        .then(cleanup)
        .catch(() => {});
  };
  try {
    return await build(load, cleanups, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function build(
  load: { clients: number; perSecond: number },
  cleanups: (() => Promise<unknown> | unknown)[],
  close: () => Promise<void>,
): Promise<World> {
  const docker = new DockerWorld();
  cleanups.push(() => docker.close());
  const way = async (name: string, listen: string, target: { host: string; port: number }) => {
    const proxy = new TcpProxy(name, target);
    const port = await proxy.listen(listen);
    cleanups.push(() => proxy.close());
    return { proxy, port };
  };

  const volumes = {
    blue: await smallDisk(docker, "blue", diskMb),
    green: await smallDisk(docker, "green", diskMb),
  };
  const stream: Partial<Ways["stream"]> = {};
  const pair = await startFollowingPair({
    images: { blue: await clockedImage("blue"), green: await clockedImage("green") },
    volumes,
    relay: async (hostAddress, addresses) => {
      const ports: Partial<Record<Side, number>> = {};
      for (const side of sides) {
        const { proxy, port } = await way(`stream from ${side}`, hostAddress, {
          host: addresses[side],
          port: 3306,
        });
        stream[side] = proxy;
        ports[side] = port;
      }
      return ports as Record<Side, number>;
    },
  });
  cleanups.push(() => pair.stop());
  // A separate network, so that the gate has left the pair's network before that is removed.
  const front = new DockerWorld();
  cleanups.push(() => front.close());
  const { network, addresses, secrets, database } = pair;

  const password = randomBytes(16).toString("hex");
  for (const side of sides) {
    const own = await pair[side].sessionWithoutBinlog();
    await own.run("CREATE USER lab@'%' IDENTIFIED BY ?", [password]);
    await own.run("GRANT ALL ON *.* TO lab@'%' WITH GRANT OPTION");
    await own.run("CREATE USER probe@'%' IDENTIFIED BY ?", [password]);
    await own.run("GRANT SELECT ON wikiferry.* TO probe@'%'");
  }
  const pool = new SshPool("");
  const server = (side: Side) => {
    const opened = new Server(
      { ...pair[side].place, admin: { host: addresses[side], port: 3306 }, adminUser: "lab" },
      password,
      pool,
    );
    cleanups.push(() => opened.close());
    return opened;
  };
  const servers = { blue: server("blue"), green: server("green") };
  await servers.blue.run(
    "CREATE TABLE ??.entry (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, token VARCHAR(40) CHARACTER SET ascii NOT NULL, side VARCHAR(8) CHARACTER SET ascii NOT NULL, KEY (token))",
    [database],
  );
  await servers.blue.run("CREATE TABLE ??.elsewhere (id INT PRIMARY KEY)", [database]);
  await verify(servers.blue, servers.green, database);
  for (const side of sides) await armWatchdog(pair[side]);

  const tool = {
    blue: await way("tool to blue", "127.0.0.1", { host: addresses.blue, port: 22 }),
    green: await way("tool to green", "127.0.0.1", { host: addresses.green, port: 3306 }),
  };
  const appPorts: Partial<Record<Side, number>> = {};
  const gateWays: Partial<Ways["gate"]> = {};
  const gatePorts: Partial<Record<Side, number>> = {};
  for (const side of sides) {
    const app = new WebApp(side, { host: addresses[side], password: secrets.appPassword, name: database });
    const port = await app.listen(network.hostAddress);
    cleanups.push(() => app.close());
    appPorts[side] = port;
    const gateWay = await way(`gate to ${side}`, network.hostAddress, { host: network.hostAddress, port });
    gateWays[side] = gateWay.proxy;
    gatePorts[side] = gateWay.port;
  }

  const gatePassword = randomBytes(16).toString("hex");
  const gateAddress = network.hostAddress.replace(/\d+$/, "13");
  const running = await front.run("gate", await serviceImage("gate"), {
    ...gateContainer({
      network: network.name,
      blue: `${network.hostAddress}:${gatePorts.blue}`,
      green: `${network.hostAddress}:${gatePorts.green}`,
      adminPassword: gatePassword,
      volume: await front.volume("gate"),
    }),
    NetworkingConfig: { EndpointsConfig: { [network.name]: { IPAMConfig: { IPv4Address: gateAddress } } } },
  });
  const gate = new Gate({ host: gateAddress, port: 9999 }, pool, { password: gatePassword });
  cleanups.push(() => gate.close());
  await until("the gate sees both sides", async () => {
    const { blue, green } = await gate.health();
    return blue && green;
  });
  const toolToGate = await way("tool to gate", "127.0.0.1", { host: gateAddress, port: 9999 });

  const clients = new Clients({ host: gateAddress, port: 8080 }, load);
  cleanups.push(() => clients.stop());
  const probe = (side: Side) => {
    const started = new Probe(side, { host: addresses[side], user: "probe", password });
    started.start();
    cleanups.push(() => started.stop());
    return started;
  };

  const host = (side: Side) =>
    new DatabaseHost(side, pair.containers[side], () => servers[side].value("SELECT 1"));

  return {
    pair,
    servers,
    hosts: { blue: host("blue"), green: host("green") },
    gateHost: new GateHost(running.container, () => gate.state()),
    gate,
    ways: {
      tool: { blue: tool.blue.proxy, green: tool.green.proxy },
      toolToGate: toolToGate.proxy,
      stream: stream as Ways["stream"],
      gate: gateWays as Ways["gate"],
    },
    clients,
    probes: { blue: probe("blue"), green: probe("green") },
    command: (operator, { from, to, halt }) =>
      operator.order({
        places: {
          blue: {
            ...pair.blue.place,
            admin: {
              ...pair.blue.place.admin,
              via: { ...pair.ssh, host: "127.0.0.1", port: tool.blue.port },
            },
          },
          green: { ...pair.green.place, admin: { host: "127.0.0.1", port: tool.green.port } },
        },
        passwords: {
          blue: secrets.blueAdminPassword,
          green: deriveSecret(secrets.masterSecret, "mariadb-admin"),
        },
        sshPrivateKey: secrets.sshPrivateKey,
        database,
        replicationPassword: pair.replicationPassword,
        limits,
        gate: { admin: { host: "127.0.0.1", port: toolToGate.port }, password: gatePassword },
        apps: {
          blue: { host: network.hostAddress, port: appPorts.blue as number },
          green: { host: network.hostAddress, port: appPorts.green as number },
        },
        from,
        to,
        halt,
      }),
    close,
  };
}
