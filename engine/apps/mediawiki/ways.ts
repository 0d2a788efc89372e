import type { Duplex } from "node:stream";
import { WikiferryError } from "../../errors";
import type { ContainerRef, SshTarget } from "../../move";
import { execInContainer } from "../../runtime/docker/exec";
import { socketFrom } from "../../runtime/docker/socket";
import type { SshPool } from "../../runtime/ssh/pool";
import type { EngineSession } from "../../session";

/** A place from which web servers are asked. */
export interface Way {
  /** In words, for findings. */
  from: string;
  /** Whether requests from here take the gate's path and come from the gate's address. */
  likeTheGate: boolean;
  connect(address: { host: string; port: number }): Promise<Duplex>;
}

/** From a running container, with its name server and its networks. */
export function fromContainer(ref: ContainerRef, pool: SshPool, likeTheGate = true): Way {
  return {
    from: ref.container,
    likeTheGate,
    connect: (address) => socketFrom(ref, address, pool),
  };
}

export interface GreenWaySpec {
  gate: ContainerRef;
  green: { fileSync: ContainerRef };
}

export interface BlueWaySpec extends GreenWaySpec {
  blue: { web: { ssh: SshTarget } };
}

/** From the gate's container, else from file-sync's, which is on the same networks; undefined while neither runs. */
export async function fromGreen({
  spec,
  pool,
}: Pick<EngineSession<GreenWaySpec>, "spec" | "pool">): Promise<Way | undefined> {
  for (const ref of [spec.gate, spec.green.fileSync]) {
    try {
      await execInContainer(ref, ["true"], pool);
      return fromContainer(ref, pool);
    } catch (error) {
      if (!(error instanceof WikiferryError) || error.code !== "CONTAINER_MISSING") throw error;
    }
  }
  return undefined;
}

/**
 * From where blue is asked: green's containers, and before they exist the host that will run them, whose routes and
 * address they share. A network that only they will join can't be used before then; in that case blue's own web server
 * asks itself.
 */
export async function wayToBlue(
  move: Pick<EngineSession<BlueWaySpec>, "spec" | "pool">,
  attachedNetwork: boolean,
): Promise<Way> {
  const there = await fromGreen(move);
  if (there) return there;
  const { spec, pool } = move;
  if (attachedNetwork) {
    const via = spec.blue.web.ssh;
    const from = `${via.host}, blue's web server, since green's network is not there yet`;
    return { from, likeTheGate: false, connect: (address) => pool.stream({ ...address, via }) };
  }
  const via = spec.gate.dockerVia;
  return {
    from: via ? `${via.host}, green's Docker host` : "this machine, green's Docker host",
    likeTheGate: true,
    connect: (address) => pool.stream({ ...address, via }),
  };
}
