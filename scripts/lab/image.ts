import { $ } from "zx";
import { imageName } from "../../engine/docker/imageFolder";
import { debianImage, makeDebianImage } from "../setup/debian";
import { imageFolders, parentOf } from "../setup/images";
import { readRecord } from "../setup/record";
import { DockerWorld } from "./dockerWorld";

/** The image of a service as its folder is now, built if there is none; on the base that the set-up chose. */
export async function serviceImage(service: string): Promise<string> {
  const { docker } = new DockerWorld();
  const folders = imageFolders();
  const folder = folders.find((one) => one.service === service);
  if (!folder) throw new Error(`no image folder is called ${service}`);
  const parent = parentOf(folder, folders);
  const base = parent
    ? await serviceImage(parent.service)
    : (readRecord()?.images[service]?.base ?? debianImage);
  const idOf = async (ref: string): Promise<string | undefined> =>
    docker
      .getImage(ref)
      .inspect()
      .then((image) => image.Id)
      .catch(() => undefined);
  if (!(await idOf(base)) && base === debianImage) await makeDebianImage();
  const ref = imageName(service, folder.path, base);
  if (!(await idOf(ref))) {
    const env = { ...process.env, DOCKER_BUILDKIT: "0" };
    await $({
      quiet: true,
      env,
    })`docker build --network host -t ${ref} --build-arg BASE=${base} ${folder.path}`;
  }
  return ref;
}
