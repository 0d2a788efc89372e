import { Agent, type ClientRequestArgs } from "node:http";
import type { Duplex } from "node:stream";
import Docker from "dockerode";
import type { SshTarget } from "../../move";
import type { SshPool } from "../ssh/pool";

const remoteSocket = "/var/run/docker.sock";
const engines = new WeakMap<SshPool, Map<string, Docker>>();

/**
 * A Docker engine: the local one (`DOCKER_HOST`, else the usual sockets), or that of an SSH host, whose user must be
 * allowed to open /var/run/docker.sock.
 */
export function dockerFor(via: SshTarget | undefined, pool: SshPool): Docker {
  const known = engines.get(pool) ?? new Map<string, Docker>();
  engines.set(pool, known);
  const key = via ? `${via.user}@${via.host}:${via.port}` : "";
  let docker = known.get(key);
  if (!docker) {
    docker = via
      ? new Docker({ protocol: "http", host: "localhost", port: 80, ...{ agent: new SshAgent(via, pool) } })
      : new Docker();
    known.set(key, docker);
  }
  return docker;
}

type Connected = (error: Error | null, stream?: Duplex) => void;

/** Gives each request its own stream to the host's Docker socket. */
class SshAgent extends Agent {
  constructor(
    private readonly via: SshTarget,
    private readonly pool: SshPool,
  ) {
    super({ keepAlive: false });
  }

  override createConnection(_options: ClientRequestArgs, connected?: unknown): undefined {
    const done = connected as Connected;
    this.pool.stream({ host: remoteSocket, port: 0, via: this.via }).then(
      (stream) => done(null, stream),
      (error: Error) => done(error),
    );
  }
}
