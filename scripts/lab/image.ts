import { join } from "node:path";
import { debianImage, makeDebianImage } from "../setup/debian";
import { imageFolders, parentOf } from "../setup/images";
import { readRecord } from "../setup/record";
import { derivedImage, isThere } from "./derivedImage";
import { DockerWorld } from "./dockerWorld";

/**
 * The image of a service from its folder's present content, built if there is none, on the base that the set-up chose.
 */
export async function serviceImage(service: string): Promise<string> {
  const folders = imageFolders();
  const folder = folders.find((one) => one.service === service);
  if (!folder) throw new Error(`no image folder is called ${service}`);
  const parent = parentOf(folder, folders);
  const base = parent
    ? await serviceImage(parent.service)
    : (readRecord()?.images[service]?.base ?? debianImage);
  if (base === debianImage && !(await isThere(new DockerWorld().docker, base))) await makeDebianImage();
  return derivedImage(service, folder.path, base);
}

/** Blue's database server with mariadb-backup on its host. */
export async function blueWithBackup(): Promise<string> {
  const folder = join(__dirname, "images/blue-backup");
  return derivedImage("lab-blue-backup", folder, await serviceImage("blue-db"));
}

/** Blue's database server as in Debian 11. */
export async function blueWithMariadb105(): Promise<string> {
  const folder = join(__dirname, "images/blue-mariadb-10.5");
  return derivedImage("lab-blue-mariadb-10.5", folder, await serviceImage("blue-host"));
}
