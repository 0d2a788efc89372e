import { join } from "node:path";
import { debianImageOf, makeDebianImage, suiteOf } from "../setup/debian";
import { allImageFolders, parentOf } from "../setup/imageFolders";
import { readRecord } from "../setup/record";
import { derivedImage, isThere } from "./derivedImage";
import { DockerWorld } from "./dockerWorld";

/**
 * The image of a service from its folder's present content, built if there is none, on the base that the set-up chose.
 */
export async function serviceImage(service: string): Promise<string> {
  const folders = allImageFolders();
  const folder = folders.find((one) => one.service === service);
  if (!folder) throw new Error(`no image folder is called ${service}`);
  const parent = parentOf(folder, folders);
  const suite = suiteOf(folder.officialBase);
  const debian = debianImageOf(suite);
  const base = parent ? await serviceImage(parent.service) : (readRecord()?.images[service]?.base ?? debian);
  if (base === debian && !(await isThere(new DockerWorld().docker, base))) await makeDebianImage(suite);
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

/** Blue's web server with nginx and PHP-FPM beside Apache. */
export async function blueWithNginx(): Promise<string> {
  const folder = join(__dirname, "images/blue-nginx");
  return derivedImage("lab-blue-nginx", folder, await serviceImage("blue-web"));
}
