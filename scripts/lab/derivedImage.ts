import { join } from "node:path";
import { $ } from "zx";
import { imageName } from "../../engine/docker/imageFolder";
import { DockerWorld } from "./dockerWorld";
import { serviceImage } from "./image";

/** Blue's database server with mariadb-backup on its host. */
export function blueWithBackup(): Promise<string> {
  return derivedImage("lab-blue-backup", join(__dirname, "images/blue-backup"), serviceImage("blue-db"));
}

/** The image of a folder, on top of another; built if it is not there. Base `ARG BASE`. */
export async function derivedImage(
  name: string,
  folder: string,
  base: string | Promise<string>,
): Promise<string> {
  const on = await base;
  const ref = imageName(name, folder, on);
  const there = await new DockerWorld().docker
    .getImage(ref)
    .inspect()
    .catch(() => undefined);
  if (!there) {
    const env = { ...process.env, DOCKER_BUILDKIT: "0" };
    await $({ quiet: true, env })`docker build --network host -t ${ref} --build-arg BASE=${on} ${folder}`;
  }
  return ref;
}
