import type Docker from "dockerode";
import { messageOf } from "../../engine/errors";
import { derivedImage, isThere } from "../lab/derivedImage";
import { debianImage } from "../setup/debian";
import { say } from "./cutover/say";

/** The base of a public tool's image. */
export async function debianBase(docker: Docker): Promise<string> {
  return (await isThere(docker, debianImage)) ? debianImage : "debian:bookworm-slim";
}

/**
 * The image of a public tool, from its folder.
 * @throws naming the Debian packages that it needs
 */
export async function toolImage(
  docker: Docker,
  { name, tool, folder, packages }: { name: string; tool: string; folder: string; packages: string },
): Promise<string> {
  say(`building the image of ${tool}, about a minute the first time`);
  try {
    return await derivedImage(name, folder, await debianBase(docker));
  } catch (error) {
    const why = messageOf(error).trim().split("\n").at(-1);
    throw new Error(`its image can't be built (${why}). It needs Debian's ${packages}`);
  }
}
