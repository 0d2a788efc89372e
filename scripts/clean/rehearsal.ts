import { existsSync, rmSync } from "node:fs";
import { WikiferryError } from "../../engine/errors";
import { removeGreen } from "../rehearsal/green";
import { type Stage, stageAt } from "../rehearsal/stage";
import { projectDir, stateFile } from "../setup/paths";
import { docker } from "../world/docker";
import { removeWorld } from "../world/index";
import { foreign } from "./ownership";
import { processes, underWay } from "./processes";

/** One thing that is there. */
export interface Thing {
  kind: "container" | "volume" | "network" | "folder" | "image" | "plugin" | "process";
  name: string;
}

const labels = ["wikiferry.side=green", "wikiferry.world=blue"];

/** @throws `CLEAN_UNDER_WAY` naming the processes of a rehearsal that runs */
export function refuseUnderWay(stage: Stage = stageAt()): void {
  const running = underWay(processes(), { projectDir, backendUrl: stage.backendUrl });
  if (running.length === 0) return;
  throw new WikiferryError(
    "CLEAN_UNDER_WAY",
    `a rehearsal is under way: ${running.map(({ pid, argv }) => `process ${pid} (${argv.slice(0, 4).join(" ").slice(0, 80)})`).join(", ")}`,
    "Let it end, or end it with Ctrl-C or `kill` and its number; then run this again",
  );
}

/** What a rehearsal made and is still there, both sides. */
export async function rehearsalThings(): Promise<Thing[]> {
  const things: Thing[] = [];
  for (const label of labels) {
    const filters = JSON.stringify({ label: [label] });
    const [containers, { Volumes }, networks] = await Promise.all([
      docker.listContainers({ all: true, filters }),
      docker.listVolumes({ filters }),
      docker.listNetworks({ filters }),
    ]);
    things.push(
      ...containers.map(({ Names, Id }) => ({
        kind: "container" as const,
        name: Names[0]?.slice(1) ?? Id,
      })),
      ...(Volumes ?? []).map(({ Name }) => ({ kind: "volume" as const, name: Name })),
      ...networks.map(({ Name }) => ({ kind: "network" as const, name: Name })),
    );
  }
  for (const folder of ["rehearsal", "world"])
    if (existsSync(stateFile(folder))) things.push({ kind: "folder", name: `.wikiferry/${folder}` });
  return things;
}

/** @throws `CLEAN_NOT_OURS` where a green runs here that no rehearsal made */
export async function refuseForeign(): Promise<void> {
  const containers = await docker.listContainers({
    all: true,
    filters: JSON.stringify({ label: ["wikiferry.side=green"] }),
  });
  const others = foreign(
    containers.map(({ Names, NetworkSettings }) => ({
      name: Names[0]?.slice(1) ?? "",
      networks: Object.keys(NetworkSettings.Networks),
    })),
  );
  if (others.length === 0) return;
  throw new WikiferryError(
    "CLEAN_NOT_OURS",
    `${others.join(", ")} on this Docker engine ${others.length === 1 ? "is" : "are"} not a rehearsal's but a wiki's`,
    "Nothing was removed: this command never takes a wiki's new side away",
  );
}

/** Both sides and the stack. */
export async function removeRehearsal(): Promise<void> {
  await removeGreen();
  await removeWorld();
  rmSync(stateFile("rehearsal"), { recursive: true, force: true });
}
