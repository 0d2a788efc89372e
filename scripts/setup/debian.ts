import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { $, which } from "zx";
import { messageOf, WikiferryError } from "../../engine/errors";
import { installPackages, onDebianAsRoot } from "./apt";
import { dockerClient } from "./docker";
import { holds } from "./probe";
import { step } from "./say";

/** Releases of Debian that images are based on. */
export const suites = ["bullseye", "bookworm", "trixie"] as const;
export type Suite = (typeof suites)[number];

/** The base image that replaces official images where these can't be pulled. */
export const debianImageOf = (suite: Suite): string => `wikiferry/debian:${suite}`;

/** The base of every image that needs no other release. */
export const debianImage = debianImageOf("bookworm");

/** The release that an official image is based on by its tag, such as `debian:trixie-slim`. Defaults to bookworm. */
export const suiteOf = (image: string): Suite =>
  suites.find((suite) => new RegExp(`\\b${suite}\\b`).test(image)) ?? "bookworm";

/** The mirrors that this host itself uses, so that a site-local mirror serves the image too. */
export function mirrorsIn(sources: string[]): { debian?: string; security?: string } {
  const urls = sources.flatMap((text) =>
    text
      .split("\n")
      .filter((line) => /^(deb\s|URIs:)/.test(line))
      .flatMap((line) => line.match(/https?:\/\/[^\s\]]+/g) ?? []),
  );
  const named = (end: RegExp) => urls.find((url) => end.test(url))?.replace(/\/$/, "");
  return { debian: named(/\/debian\/?$/), security: named(/\/debian-security\/?$/) };
}

function hostSources(): string[] {
  const folder = "/etc/apt/sources.list.d";
  const files = existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
  return ["/etc/apt/sources.list", ...files].filter(existsSync).map((path) => readFileSync(path, "utf8"));
}

/** Debian's own mirrors. A release moves to the archive some time after its support has ended. */
const publicMirrors = [
  { debian: "http://deb.debian.org/debian", security: "http://deb.debian.org/debian-security" },
  { debian: "http://archive.debian.org/debian", security: "http://archive.debian.org/debian-security" },
];

/** Where a release is: mirrors as in sources.list, without those that lack it. */
export interface SuiteMirrors {
  debian: string;
  updates?: string;
  security?: string;
}

/**
 * Asks this host's mirrors first, then Debian's own, then Debian's archive.
 * @throws `SETUP_IMAGES` where none of them has the release
 */
export async function mirrorsOf(
  suite: Suite,
  own = mirrorsIn(hostSources()),
  others: readonly { debian: string; security: string }[] = publicMirrors,
): Promise<SuiteMirrors> {
  const first = async (mirrors: (string | undefined)[], name: string): Promise<string | undefined> => {
    for (const mirror of mirrors)
      if (mirror && (await holds(`${mirror}/dists/${name}/InRelease`))) return mirror;
    return undefined;
  };
  const all = [own.debian, ...others.map(({ debian }) => debian)];
  const debian = await first(all, suite);
  if (!debian)
    throw new WikiferryError(
      "SETUP_IMAGES",
      `None of ${all.filter(Boolean).join(", ")} has Debian's release ${suite}`,
      "See that one of them can be reached, then run this again.",
    );
  return {
    debian,
    updates: await first([debian], `${suite}-updates`),
    security: await first([own.security, ...others.map(({ security }) => security)], `${suite}-security`),
  };
}

/** The keys of Debian's archive, from the package debian-archive-keyring. */
const archiveKeyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

/**
 * Unpacks Debian's minimal system into a folder. Without the keyring debootstrap would warn and continue unchecked.
 * @throws `SETUP_KEYRING` where the keyring is missing, and debootstrap's message where a signature does not match
 */
export async function bootstrap(
  root: string,
  mirror: string,
  keyring = archiveKeyring,
  suite: Suite = "bookworm",
): Promise<void> {
  if (!existsSync(keyring))
    throw new WikiferryError(
      "SETUP_KEYRING",
      `The signatures of Debian's packages can't be checked: there is no ${keyring}`,
      "Install the package debian-archive-keyring, then run this again.",
    );
  const options = ["--force-check-gpg", `--keyring=${keyring}`, "--variant=minbase"];
  await $({ quiet: true })`debootstrap ${options} ${suite} ${root} ${mirror}`;
}

/**
 * Creates a Debian base image with debootstrap. Needs root, because it creates device nodes and files of other owners.
 * @param suite Defaults to bookworm.
 */
export async function makeDebianImage(suite: Suite = "bookworm"): Promise<void> {
  const image = debianImageOf(suite);
  if (process.getuid?.() !== 0)
    throw new WikiferryError(
      "SETUP_IMAGES",
      "The official images can't be pulled from registry-1.docker.io, and making a Debian base image needs root",
      `Run \`sudo npx tsx scripts/setup.ts\` once, or \`docker load\` an image as ${image}, then run this again.`,
    );
  if (!(await which("debootstrap", { nothrow: true }))) {
    if (!onDebianAsRoot())
      throw new WikiferryError(
        "SETUP_IMAGES",
        "The official images can't be pulled from registry-1.docker.io, and debootstrap is not installed",
        "Install debootstrap with your package manager, then run this again.",
      );
    await installPackages("debootstrap");
  }
  if (!existsSync(archiveKeyring) && onDebianAsRoot()) await installPackages("debian-archive-keyring");
  const { debian, updates, security } = await mirrorsOf(suite);
  const folder = mkdtempSync(join(tmpdir(), "wikiferry-debian-"));
  const root = join(folder, "root");
  const archive = join(folder, "root.tar");
  try {
    await step(`making a base image of Debian ${suite}, about 40 s`, async () => {
      await bootstrap(root, debian, archiveKeyring, suite);
      const sources = [`deb ${debian} ${suite} main`];
      if (updates) sources.push(`deb ${updates} ${suite}-updates main`);
      if (security) sources.push(`deb ${security} ${suite}-security main`);
      writeFileSync(join(root, "etc/apt/sources.list"), `${sources.join("\n")}\n`);
      // There a Release file keeps the date until which it was to be replaced; its signature stays checked.
      if (sources.some((source) => source.includes("//archive.debian.org/")))
        writeFileSync(join(root, "etc/apt/apt.conf.d/90archive"), 'Acquire::Check-Valid-Until "false";\n');
      rmSync(join(root, "var/cache/apt/archives"), { recursive: true, force: true });
      rmSync(join(root, "var/lib/apt/lists"), { recursive: true, force: true });
      // Through a file: dockerode looks for its socket before it reads, and the beginning of a command's output would
      // be lost.
      await $({ quiet: true })`tar -C ${root} --numeric-owner -cf ${archive} .`;
      const docker = dockerClient();
      const [repo, tag] = image.split(":");
      const answer = await docker.importImage(archive, { repo, tag });
      await new Promise<void>((resolve, reject) =>
        docker.modem.followProgress(answer, (error: Error | null) => (error ? reject(error) : resolve())),
      );
    });
  } catch (error) {
    if (error instanceof WikiferryError) throw error;
    throw new WikiferryError(
      "SETUP_IMAGES",
      `The base image of Debian ${suite} could not be made: ${messageOf(error).trim().split("\n").at(-1)}`,
      `See that ${debian} can be reached, then run this again.`,
      { cause: error },
    );
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}
