import { existsSync, rmSync } from "node:fs";
import { WikiferryError } from "../../engine/errors";
import { docker } from "../common/docker";
import { rehearsalId } from "../common/rehearsalId";
import { type Stage, stageAt } from "../common/stage";
import { own, thingsOn } from "../rehearsal/core/things";
import { refuseForeign } from "../rehearsal/worlds/mediawiki/foreign";
import { greenThings, removeGreen } from "../rehearsal/worlds/mediawiki/green";
import { removeWorld } from "../rehearsal/worlds/mediawiki/oldSite/index";
import { worldScope } from "../rehearsal/worlds/mediawiki/oldSite/scope";
import { projectDir, stateFile } from "../setup/paths";
import { processes, underWay } from "./processes";

/** One existing object. */
export interface Thing {
  kind: "container" | "volume" | "network" | "folder" | "image" | "plugin" | "process";
  name: string;
}

/** @throws `CLEAN_UNDER_WAY` naming the processes of a running rehearsal */
export function refuseUnderWay(stage: Stage = stageAt()): void {
  const running = underWay(processes(), { projectDir, backendUrl: stage.backendUrl });
  if (running.length === 0) return;
  throw new WikiferryError(
    "CLEAN_UNDER_WAY",
    `a rehearsal is under way: ${running.map(({ pid, argv }) => `process ${pid} (${argv.slice(0, 4).join(" ").slice(0, 80)})`).join(", ")}`,
    "Let it end, or end it with Ctrl-C or `kill` and its number; then run this again",
  );
}

/** What this checkout's rehearsal created and is still there, on both sides. */
export async function rehearsalThings(): Promise<Thing[]> {
  const blue = own(await thingsOn(docker), worldScope("blue"), rehearsalId());
  const things: Thing[] = [...(await greenThings()), ...blue].map(({ kind, name }) => ({ kind, name }));
  for (const folder of ["rehearsal", "world"])
    if (existsSync(stateFile(folder))) things.push({ kind: "folder", name: `.wikiferry/${folder}` });
  return things;
}

/** Both sides and the stack. */
export async function removeRehearsal(): Promise<void> {
  await refuseForeign();
  await removeGreen();
  await removeWorld();
  rmSync(stateFile("rehearsal"), { recursive: true, force: true });
}
