import type Docker from "dockerode";
import { $ } from "zx";
import { imageName } from "../../engine/runtime/docker/imageFolder";
import { DockerWorld } from "./dockerWorld";

export async function isThere(docker: Docker, ref: string): Promise<boolean> {
  return docker
    .getImage(ref)
    .inspect()
    .then(
      () => true,
      () => false,
    );
}

/**
 * The image of a folder on top of another image (`ARG BASE`), with further build arguments. Built if it does not exist.
 */
export async function derivedImage(
  name: string,
  folder: string,
  base: string,
  args: Readonly<Record<string, string>> = {},
): Promise<string> {
  const ref = imageName(name, folder, base);
  if (await isThere(new DockerWorld().docker, ref)) return ref;
  const env = { ...process.env, DOCKER_BUILDKIT: "0" };
  const given = Object.entries({ BASE: base, ...args }).flatMap(([key, value]) => [
    "--build-arg",
    `${key}=${value}`,
  ]);
  await $({ quiet: true, env })`docker build --network host -t ${ref} ${given} ${folder}`;
  return ref;
}
