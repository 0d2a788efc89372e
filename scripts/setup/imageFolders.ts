import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { WikiferryError } from "../../engine/errors";
import { baseIn } from "../../engine/runtime/docker/imageFolder";
import { type Suite, suites } from "./debian";
import { projectDir } from "./paths";

export interface ImageFolder {
  service: string;
  path: string;
  /** The Dockerfile's `ARG BASE=...`: the official image, or another of ours (`wikiferry/<service>`). */
  officialBase: string;
}

const oldSite = "scripts/rehearsal/worlds/mediawiki/oldSite";

const subfolders = (path: string): string[] =>
  existsSync(path) ? readdirSync(path).map((name) => join(path, name)) : [];

/**
 * Every folder with a Dockerfile that the usual rehearsal needs. A component's image has the component's name, an image
 * of the old site its own.
 */
export function imageFolders(root = projectDir): ImageFolder[] {
  const components = subfolders(join(root, "components")).map((path) => join(path, "image"));
  const world = subfolders(join(root, oldSite, "images"));
  return [...components, ...world]
    .filter((path) => existsSync(join(path, "Dockerfile")))
    .map((path) => {
      const service = basename(path) === "image" ? basename(dirname(path)) : basename(path);
      const officialBase = baseIn(readFileSync(join(path, "Dockerfile"), "utf8"));
      if (!officialBase)
        throw new WikiferryError(
          "SETUP_IMAGES",
          `${relative(root, path)}/Dockerfile has no ARG BASE=`,
          "Begin it with `ARG BASE=<official image>` and build from that.",
        );
      return { service, path, officialBase };
    })
    .sort((a, b) => a.service.localeCompare(b.service));
}

/** A host of the old site on a release of Debian: `blue-web` on bookworm, `blue-trixie-web` on trixie. */
export const oldSiteService = (suite: Suite, role: string): string =>
  suite === "bookworm" ? `blue-${role}` : `blue-${suite}-${role}`;

/** The images of an old site on another release of Debian. All but the web server are the usual ones on another base. */
export function oldSiteFolders(suite: Exclude<Suite, "bookworm">, root = projectDir): ImageFolder[] {
  const folder = (
    role: string,
    officialBase: string,
    path = join(root, oldSite, "images", `blue-${role}`),
  ) => ({
    service: oldSiteService(suite, role),
    path,
    officialBase,
  });
  const host = folder("host", `debian:${suite}-slim`);
  const onHost = `wikiferry/${host.service}`;
  return [
    host,
    folder("db", onHost),
    folder("files", onHost),
    folder("web", onHost, join(root, oldSite, "sites", suite, "image")),
  ];
}

/** Every image that a command may ask for. */
export const allImageFolders = (root = projectDir): ImageFolder[] => [
  ...imageFolders(root),
  ...suites.flatMap((suite) => (suite === "bookworm" ? [] : oldSiteFolders(suite, root))),
];

const ourBase = /^wikiferry\/([^:]+)(?::current)?$/;

/** The folder of the image on which another is built, if that is one of ours. */
export function parentOf(folder: ImageFolder, folders: readonly ImageFolder[]): ImageFolder | undefined {
  const parent = ourBase.exec(folder.officialBase)?.[1];
  return folders.find(({ service }) => service === parent);
}
