import type Docker from "dockerode";
import pLimit from "p-limit";
import { sleep } from "zx";
import { messageOf, WikiferryError } from "../../engine/errors";
import { digestOf, readDigests, writeDigests } from "../../engine/runtime/docker/digests";
import { filesIn, imageName, repositoryOf } from "../../engine/runtime/docker/imageFolder";
import { debianImageOf, makeDebianImage, type Suite, suiteOf } from "./debian";
import { dockerClient } from "./docker";
import { allImageFolders, type ImageFolder, imageFolders, parentOf } from "./imageFolders";
import { digestFile } from "./paths";
import { imageSite, reachable } from "./probe";
import { type ImageRecord, readRecord } from "./record";
import { say, step } from "./say";

/** Delay before a failed build is tried once more. */
const againMs = 5_000;

async function idOf(docker: Docker, ref: string): Promise<string | undefined> {
  try {
    return (await docker.getImage(ref).inspect()).Id;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
}

function follow(docker: Docker, stream: NodeJS.ReadableStream): Promise<void> {
  const tail: string[] = [];
  return new Promise((resolve, reject) => {
    docker.modem.followProgress(
      stream,
      (error: Error | null) =>
        error
          ? reject(new Error(`${error.message}\n${tail.slice(-15).join("").trim()}`, { cause: error }))
          : resolve(),
      (event: { stream?: string; error?: string }) => {
        if (event.stream) tail.push(event.stream);
        if (tail.length > 100) tail.shift();
      },
    );
  });
}

/** Picks bases: the previous choice as long as it exists, the official image where it can be pulled, else Debian. */
class Bases {
  readonly #docker: Docker;
  readonly #known = new Map<string, Promise<{ ref: string; id: string }>>();
  readonly #debian = new Map<Suite, Promise<void>>();

  constructor(docker: Docker) {
    this.#docker = docker;
  }

  get(official: string, chosenBefore: string | undefined): Promise<{ ref: string; id: string }> {
    const key = `${official} ${chosenBefore}`;
    let base = this.#known.get(key);
    if (!base) {
      base = this.#choose(official, chosenBefore);
      this.#known.set(key, base);
    }
    return base;
  }

  async #choose(official: string, chosenBefore: string | undefined): Promise<{ ref: string; id: string }> {
    const locked = readDigests(digestFile)[official];
    for (const ref of locked ? [locked] : chosenBefore ? [chosenBefore, official] : [official]) {
      const id = await idOf(this.#docker, ref);
      if (id) return await this.#lock(official, { ref, id });
    }
    if (await reachable(imageSite)) {
      const wanted = locked ?? official;
      try {
        await step(`pulling ${wanted}`, async () => follow(this.#docker, await this.#docker.pull(wanted)));
        const id = await idOf(this.#docker, wanted);
        if (id) return await this.#lock(official, { ref: wanted, id });
      } catch (error) {
        say(
          `${official} can't be pulled (${messageOf(error).split("\n")[0]}): using Debian's packages instead`,
        );
      }
    }
    const suite = suiteOf(official);
    const made = this.#debian.get(suite) ?? this.#makeDebian(suite);
    this.#debian.set(suite, made);
    await made;
    const ref = debianImageOf(suite);
    const id = await idOf(this.#docker, ref);
    if (!id) throw new Error(`${ref} is missing right after it was made`);
    return { ref, id };
  }

  /**
   * Pins an image by its digest from now on, if it was pulled. A tag that has moved since is reported and not followed.
   */
  async #lock(official: string, base: { ref: string; id: string }): Promise<{ ref: string; id: string }> {
    if (base.ref !== official) {
      const locked = readDigests(digestFile)[official];
      const tagged = locked && digestOf(official, (await this.#inspect(official))?.RepoDigests);
      if (tagged && tagged !== locked)
        say(
          `${official} is ${tagged} here, and ${locked} in images.lock.json, which the build uses; to use the new one, remove its line there`,
        );
      return base;
    }
    const digest = digestOf(official, (await this.#inspect(official))?.RepoDigests);
    if (!digest) return base;
    writeDigests(digestFile, { ...readDigests(digestFile), [official]: digest });
    say(`${official} is ${digest} from now on (images.lock.json)`);
    return { ref: digest, id: base.id };
  }

  async #inspect(ref: string): Promise<Docker.ImageInspectInfo | undefined> {
    return (await idOf(this.#docker, ref)) ? await this.#docker.getImage(ref).inspect() : undefined;
  }

  async #makeDebian(suite: Suite): Promise<void> {
    if (!(await idOf(this.#docker, debianImageOf(suite)))) await makeDebianImage(suite);
  }
}

async function buildImage(docker: Docker, folder: ImageFolder, base: string, ref: string): Promise<void> {
  const build = async () => {
    const stream = await docker.buildImage(
      { context: folder.path, src: filesIn(folder.path) },
      // Host network, so that a package mirror which only this machine can reach also serves the build.
      { t: ref, buildargs: { BASE: base }, networkmode: "host", rm: true, forcerm: true },
    );
    await follow(docker, stream);
  };
  try {
    await step(`building the image ${folder.service} on ${base}`, async () => {
      try {
        await build();
      } catch (error) {
        // A download may have failed. Layers that were built before it are reused.
        say(`${folder.service}: ${messageOf(error)}; once more in ${againMs / 1000} s`);
        await sleep(againMs);
        await build();
      }
    });
  } catch (error) {
    throw new WikiferryError(
      "SETUP_IMAGES",
      `The image ${folder.service} could not be built: ${messageOf(error)}`,
      "See that Debian's package mirror can be reached and the disk is not full, then run this again.",
      { cause: error },
    );
  }
}

/**
 * Builds what is missing, at most two at a time, and moves each `:current` tag.
 * @param folders Defaults to the images that every rehearsal needs.
 * @returns these, and what is known of other images that were asked for before
 */
export async function setUpImages(folders = imageFolders()): Promise<Record<string, ImageRecord>> {
  const docker = dockerClient();
  const bases = new Bases(docker);
  const before = readRecord()?.images ?? {};
  const limit = pLimit(2);
  const made = new Map<string, Promise<ImageRecord>>();

  const make = (folder: ImageFolder): Promise<ImageRecord> => {
    let record = made.get(folder.service);
    if (!record) {
      record = makeOne(folder);
      made.set(folder.service, record);
    }
    return record;
  };

  const makeOne = async (folder: ImageFolder): Promise<ImageRecord> => {
    const parent = parentOf(folder, folders);
    const parentRef = parent && (await make(parent)).ref;
    const base = await bases.get(parentRef ?? folder.officialBase, parentRef ?? before[folder.service]?.base);
    const ref = imageName(folder.service, folder.path, base.ref);
    const known = before[folder.service];
    // A base of the same name may have a different content by now.
    const stale = known?.ref === ref && known.baseId !== undefined && known.baseId !== base.id;
    if (stale || !(await idOf(docker, ref))) await limit(() => buildImage(docker, folder, base.ref, ref));
    await docker.getImage(ref).tag({ repo: repositoryOf(folder.service), tag: "current" });
    return { ref, base: base.ref, baseId: base.id };
  };

  const records = await Promise.all(
    folders.map(async (folder) => [folder.service, await make(folder)] as const),
  );
  const others = allImageFolders()
    .map(({ service }) => [service, before[service]] as const)
    .filter((entry): entry is [string, ImageRecord] => entry[1] !== undefined);
  return Object.fromEntries([...others, ...records]);
}

/** The image that the set-up built for a service. */
export function imageRef(service: string): string {
  const record = readRecord()?.images[service];
  if (!record)
    throw new WikiferryError(
      "SETUP_IMAGES",
      `There is no image for ${service} on this machine yet`,
      "Run `npx tsx scripts/setup.ts`.",
    );
  return record.ref;
}
