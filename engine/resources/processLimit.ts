import { WikiferryError } from "../errors";
import type { MoveSpec } from "../move";
import { dockerFor } from "../runtime/docker/engine";
import { type EngineSession, openSession } from "../session";
import { pick } from "../slice";
import type { ResourceHandler } from "./handler";

const slice = ({ green }: MoveSpec) => pick(green.database, "dockerVia");

type Session = EngineSession<ReturnType<typeof slice>>;

interface Inputs {
  /** Id of a container of green. */
  container: string;
  /** Maximum number of its processes and threads. */
  pids: number;
}

interface Outputs {
  container: string;
  /** Absent where there is no limit. */
  pids?: number;
}

const containerOf = ({ spec, pool }: Session, id: string) => dockerFor(spec.dockerVia, pool).getContainer(id);

async function limitOf(session: Session, id: string): Promise<number | undefined> {
  const { HostConfig } = await containerOf(session, id).inspect();
  const { PidsLimit } = HostConfig as { PidsLimit?: number | null };
  return PidsLimit && PidsLimit > 0 ? PidsLimit : undefined;
}

async function bringAbout(session: Session, { container, pids }: Inputs): Promise<Outputs> {
  await containerOf(session, container).update({ PidsLimit: pids });
  if ((await limitOf(session, container)) !== pids) {
    throw new WikiferryError(
      "PROCESS_LIMIT",
      `Docker did not set the limit of ${pids} processes of the container ${container.slice(0, 12)}`,
      "See that the new host's kernel has the pids controller (docker info warns of it)",
    );
  }
  return { container, pids };
}

/**
 * Limits a container's processes, in place and permanently: Docker keeps the limit across restarts. The vendor's
 * provider (5.2.0) has no such argument, and `ulimits` with nproc counts a user's processes on the whole host.
 */
export const handler: ResourceHandler<Session, Inputs, Outputs> = {
  slice,
  open: openSession,
  create: bringAbout,
  update: bringAbout,
  async read(session, { container }) {
    try {
      return { container, pids: await limitOf(session, container) };
    } catch (error) {
      if ((error as { statusCode?: number }).statusCode === 404) return undefined;
      throw error;
    }
  },
  async remove() {},
  stillHolds: (inputs, outputs) => inputs.pids === outputs.pids,
};
