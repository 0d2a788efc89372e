import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { $, which } from "zx";
import { messageOf, WikiferryError } from "../../engine/errors";
import { installPackages, onDebianAsRoot } from "./apt";
import { dockerClient } from "./docker";
import { reachable } from "./probe";
import { step } from "./say";

/** Replaces the official images where these can't be pulled. */
export const debianImage = "wikiferry/debian:bookworm";

const suite = "bookworm";

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

/** The keys of Debian's archive, from the package debian-archive-keyring. */
const archiveKeyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

/**
 * Unpacks Debian's minimal system into a folder. Without the keyring debootstrap would warn and continue unchecked.
 * @throws `SETUP_KEYRING` where the keyring is missing, and debootstrap's message where a signature does not match
 */
export async function bootstrap(root: string, mirror: string, keyring = archiveKeyring): Promise<void> {
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
 * Creates the Debian base image with debootstrap. Needs root, because it creates device nodes and files of other
 * owners.
 */
export async function makeDebianImage(): Promise<void> {
  if (process.getuid?.() !== 0)
    throw new WikiferryError(
      "SETUP_IMAGES",
      "The official images can't be pulled from registry-1.docker.io, and making a Debian base image needs root",
      `Run \`sudo npx tsx scripts/setup.ts\` once, or \`docker load\` an image as ${debianImage}, then run this again.`,
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
  const mirrors = mirrorsIn(hostSources());
  const debian = mirrors.debian ?? "http://deb.debian.org/debian";
  const security = mirrors.security ?? "http://deb.debian.org/debian-security";
  const folder = mkdtempSync(join(tmpdir(), "wikiferry-debian-"));
  const root = join(folder, "root");
  const archive = join(folder, "root.tar");
  try {
    await step("making a Debian base image, about 40 s", async () => {
      await bootstrap(root, debian);
      const sources = [`deb ${debian} ${suite} main`, `deb ${debian} ${suite}-updates main`];
      if (await reachable(`${security}/dists/${suite}-security/InRelease`))
        sources.push(`deb ${security} ${suite}-security main`);
      writeFileSync(join(root, "etc/apt/sources.list"), `${sources.join("\n")}\n`);
      rmSync(join(root, "var/cache/apt/archives"), { recursive: true, force: true });
      rmSync(join(root, "var/lib/apt/lists"), { recursive: true, force: true });
      // Through a file: dockerode looks for its socket before it reads, and the beginning of a command's output would
      // be lost.
      await $({ quiet: true })`tar -C ${root} --numeric-owner -cf ${archive} .`;
      const docker = dockerClient();
      const [repo, tag] = debianImage.split(":");
      const answer = await docker.importImage(archive, { repo, tag });
      await new Promise<void>((resolve, reject) =>
        docker.modem.followProgress(answer, (error: Error | null) => (error ? reject(error) : resolve())),
      );
    });
  } catch (error) {
    if (error instanceof WikiferryError) throw error;
    throw new WikiferryError(
      "SETUP_IMAGES",
      `The Debian base image could not be made: ${messageOf(error).trim().split("\n").at(-1)}`,
      `See that ${debian} can be reached, then run this again.`,
      { cause: error },
    );
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}
