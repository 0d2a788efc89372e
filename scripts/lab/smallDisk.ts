import type { DockerWorld } from "./dockerWorld";
import { serviceImage } from "./image";

/**
 * A volume in memory disappears when nobody uses it: this keeps it while a server is down, as long as `world` exists.
 */
export async function smallDisk(world: DockerWorld, what: string, megabytes: number): Promise<string> {
  const volume = await world.volume(what, megabytes);
  await world.run(`${what}-keeper`, await serviceImage("gate"), {
    Entrypoint: ["sleep", "infinity"],
    Healthcheck: { Test: ["NONE"] },
    HostConfig: { Binds: [`${volume}:/kept`], NetworkMode: "none" },
  });
  return volume;
}
