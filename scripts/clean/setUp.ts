import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { docker } from "../common/docker";
import { debianImageOf, suites } from "../setup/debian";
import { allImageFolders } from "../setup/imageFolders";
import { projectDir, pulumiHome, stateFile } from "../setup/paths";
import { setUpTags } from "./ownership";
import { daemonWithLog } from "./processes";
import type { Thing } from "./rehearsal";

/** Marks a plugin's folder as an offline plugin of this project. */
const marker = "wikiferry-offline";
const daemonLog = stateFile("dockerd.log");

/** Offline plugins that start from this checkout, by folder. */
export function offlinePlugins(plugins = join(pulumiHome(), "plugins"), checkout = projectDir): string[] {
  if (!existsSync(plugins)) return [];
  return readdirSync(plugins)
    .map((name) => join(plugins, name))
    .filter((folder) => existsSync(join(folder, marker)))
    .filter((folder) =>
      readdirSync(folder)
        .filter((file) => file.startsWith("pulumi-resource-"))
        .some((file) => readFileSync(join(folder, file), "utf8").includes(`'${checkout}/`)),
    );
}

async function imageTags(): Promise<string[]> {
  const images = await docker.listImages();
  const services = allImageFolders().map(({ service }) => service);
  return setUpTags(
    images.flatMap(({ RepoTags }) => RepoTags ?? []),
    { services, bases: suites.map(debianImageOf) },
  );
}

/** What the set-up created and is still there: images, offline plugins, the Docker engine that it started. */
export async function setUpThings(): Promise<Thing[]> {
  const daemon = daemonWithLog(daemonLog);
  return [
    ...(await imageTags()).map((name) => ({ kind: "image" as const, name })),
    ...offlinePlugins().map((name) => ({ kind: "plugin" as const, name })),
    ...(daemon === undefined ? [] : [{ kind: "process" as const, name: `dockerd (${daemon})` }]),
  ];
}

/** @returns what had to stay, each with the reason */
export async function removeSetUp(): Promise<string[]> {
  const stayed: string[] = [];
  for (const tag of await imageTags()) {
    try {
      await docker.getImage(tag).remove();
    } catch (error) {
      const { statusCode, json } = error as { statusCode?: number; json?: { message?: string } };
      if (statusCode === 404) continue;
      if (statusCode !== 409) throw error;
      stayed.push(`image ${tag}: ${json?.message ?? "it is in use"}`);
    }
  }
  for (const folder of offlinePlugins()) rmSync(folder, { recursive: true });
  rmSync(stateFile("setup.json"), { force: true });
  const daemon = daemonWithLog(daemonLog);
  if (daemon !== undefined) {
    const others = await docker.listContainers();
    if (others.length > 0)
      stayed.push(`process dockerd (${daemon}): it runs ${others.length} containers of others`);
    else await end(daemon);
  }
  return stayed;
}

/** Ends a process and waits for it, at most 20 s. */
async function end(pid: number): Promise<void> {
  process.kill(pid, "SIGTERM");
  const until = Date.now() + 20_000;
  while (Date.now() < until && daemonWithLog(daemonLog) === pid) await sleep(100);
}
