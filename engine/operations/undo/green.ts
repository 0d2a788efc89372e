import { messageOf, WikiferryError } from "../../errors";
import { forgetCopy } from "../../movers/mariadb/copy/again";
import { dockerFor } from "../../runtime/docker/engine";
import type { MoveSession } from "../../session";
import { briefly } from "../inventory";
import { replicationAccount } from "../inventory/database";
import { greenThings } from "../inventory/green";
import { openGate } from "../openGate";
import { uploadsOf } from "../wikiControls";
import type { Left } from "./blue";
import { turnToBlue } from "./gate";

/**
 * Green takes nothing from blue any more: its database follows nobody and forgets its copy, and file-sync stops. A
 * part that does not answer is reported; it ends with the containers anyway.
 */
export async function parkGreen(move: MoveSession): Promise<Left[]> {
  const left: Left[] = [];
  const { green, gate } = move.spec;
  const part = async (what: string, where: string, byHand: string, work: () => Promise<unknown>) => {
    try {
      await work();
    } catch (error) {
      const { code, found } = briefly(error);
      left.push({ what, where, why: `${code}: ${found}`, byHand });
    }
  };
  move.report({ step: "undo", message: "green follows nobody" });
  await part("green's copy", green.database.container, "run this again when green answers", () =>
    forgetCopy(move),
  );
  await part(
    "green's replication account",
    green.database.container,
    "DROP USER of wikiferry_repl there",
    async () => replicationAccount("green").take?.(move),
  );
  await part("file-sync", green.fileSync.container, `docker stop ${green.fileSync.container}`, () =>
    uploadsOf(move).follow("off"),
  );
  await part("gate", gate.container, "run this again when the gate answers", () => turnToBlue(move));
  return left;
}

/** Whether a gate answers here, and so may carry people's requests. */
export async function gateRuns(move: MoveSession): Promise<boolean> {
  const gate = openGate(move);
  try {
    await gate.state();
    return true;
  } catch {
    return false;
  } finally {
    gate.close();
  }
}

/**
 * Refuses names that are not green's volumes, before anything is changed. Volumes that are already gone are refused
 * too.
 * @throws `UNDO_VOLUME`, `DOCKER_UNREACHABLE`
 */
export async function checkVolumes(move: MoveSession, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  const { volumes } = await greenThings(move);
  const strangers = names.filter((name) => !volumes.includes(name));
  if (strangers.length === 0) return;
  throw new WikiferryError(
    "UNDO_VOLUME",
    `${strangers.join(", ")} ${strangers.length === 1 ? "is not a volume" : "are no volumes"} of green's, which are ${volumes.join(", ") || "none"}`,
    "Give --remove-volume one of these names, or leave it out; nothing was changed",
  );
}

/** Removes the named volumes of green. One that a container still uses is left and reported. */
export async function removeVolumes(move: MoveSession, names: readonly string[]): Promise<Left[]> {
  const via = move.spec.green.database.dockerVia;
  const docker = dockerFor(via, move.pool);
  const left: Left[] = [];
  for (const name of names) {
    move.report({ step: "undo", message: `volume ${name}` });
    await docker
      .getVolume(name)
      .remove()
      .catch((error: { statusCode?: number }) => {
        if (error.statusCode === 404) return;
        left.push({
          what: `volume ${name}`,
          where: via?.host ?? "this machine",
          why: messageOf(error),
          byHand: `docker volume rm ${name}`,
        });
      });
  }
  return left;
}
