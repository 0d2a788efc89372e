import type { Move } from "../context";
import { dockerFor } from "../docker/engine";
import { WikiferryError } from "../errors";
import type { Hold, HoldInputs } from "./hold";

interface Inputs extends HoldInputs {
  /** Id of a container of green. */
  container: string;
  /** Processes and threads that it may have at a time. */
  pids: number;
}

interface Outputs {
  container: string;
  /** Absent where there is no limit. */
  pids?: number;
}

const containerOf = ({ spec, pool }: Move, id: string) =>
  dockerFor(spec.green.database.dockerVia, pool).getContainer(id);

async function limitOf(move: Move, id: string): Promise<number | undefined> {
  const { HostConfig } = await containerOf(move, id).inspect();
  const { PidsLimit } = HostConfig as { PidsLimit?: number | null };
  return PidsLimit && PidsLimit > 0 ? PidsLimit : undefined;
}

async function bringAbout(move: Move, { container, pids }: Inputs): Promise<Outputs> {
  await containerOf(move, container).update({ PidsLimit: pids });
  if ((await limitOf(move, container)) !== pids) {
    throw new WikiferryError(
      "PROCESS_LIMIT",
      `Docker did not set the limit of ${pids} processes of the container ${container.slice(0, 12)}`,
      "See that the new host's kernel has the pids controller (docker info warns of it)",
    );
  }
  return { container, pids };
}

/**
 * A container's processes are bounded, in place and for good: Docker keeps the limit over restarts. The vendor's
 * provider (5.2.0) has no such argument, and `ulimits` with nproc counts a user's processes on the whole host.
 */
export const hold: Hold<Inputs, Outputs> = {
  create: bringAbout,
  update: bringAbout,
  async read(move, { container }) {
    try {
      return { container, pids: await limitOf(move, container) };
    } catch (error) {
      if ((error as { statusCode?: number }).statusCode === 404) return undefined;
      throw error;
    }
  },
  async remove() {},
  stillHolds: (inputs, outputs) => inputs.pids === outputs.pids,
};
