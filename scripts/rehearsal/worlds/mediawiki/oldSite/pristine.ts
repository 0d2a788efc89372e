import { createHash } from "node:crypto";
import { existsSync, rmSync } from "node:fs";
import { docker, ifThere, runOnce } from "../../../../common/docker";
import { rehearsalId } from "../../../../common/rehearsalId";
import { createVolumes, databaseVolume, uploadsVolume } from "./hosts";
import { labelOf } from "./options";
import { readJson, type WorldSecrets, worldFile, writePrivate } from "./secrets";

/** This checkout's own copy. Other checkouts keep theirs beside it. */
const volumeOf = (name: string, key: string): string => `wikiferry-pristine-${name}-${key}-${rehearsalId()}`;
const secretsOf = (name: string, key: string): string => worldFile(name, "pristine", `${key}.json`);

/** Label of the volume that identifies its secrets without revealing them. */
const marker = "wikiferry.world.secrets";
const digestOf = (secrets: WorldSecrets | undefined): string =>
  createHash("sha256").update(JSON.stringify(secrets)).digest("hex");

/** The secrets of the kept state, or undefined where no complete one exists. */
export async function kept(name: string, key: string): Promise<WorldSecrets | undefined> {
  if (!existsSync(secretsOf(name, key))) return undefined;
  const secrets = readJson<WorldSecrets>(secretsOf(name, key));
  const volume = await ifThere(docker.getVolume(volumeOf(name, key)).inspect());
  // The copy may be older than secrets that were lost and created again.
  return volume?.Labels?.[marker] === digestOf(secrets) ? secrets : undefined;
}

/**
 * Keeps a copy of both volumes while nothing writes to them. The secrets' file is written last and marks it as
 * complete.
 */
export async function keep(name: string, key: string, image: string, secrets: WorldSecrets): Promise<void> {
  rmSync(secretsOf(name, key), { force: true });
  await ifThere(docker.getVolume(volumeOf(name, key)).remove());
  await docker.createVolume({
    Name: volumeOf(name, key),
    Labels: { ...labelOf(name), [marker]: digestOf(secrets) },
  });
  await runOnce(
    image,
    "mkdir /kept/db /kept/uploads; cp -a /db/. /kept/db/; cp -a /uploads/. /kept/uploads/",
    [`${databaseVolume(name)}:/db:ro`, `${uploadsVolume(name)}:/uploads:ro`, `${volumeOf(name, key)}:/kept`],
    labelOf(name),
  );
  writePrivate(secretsOf(name, key), `${JSON.stringify(secrets, null, 2)}\n`);
}

/** Fills new volumes from the copy. */
export async function restore(name: string, key: string, image: string): Promise<void> {
  await createVolumes(name);
  await runOnce(
    image,
    "cp -a /kept/db/. /db/; cp -a /kept/uploads/. /uploads/",
    [`${databaseVolume(name)}:/db`, `${uploadsVolume(name)}:/uploads`, `${volumeOf(name, key)}:/kept:ro`],
    labelOf(name),
  );
}
