import { WikiferryError } from "../errors";
import type { MoveSpec } from "../move";
import { readVolumeFiles, writeVolumeFiles } from "../runtime/docker/volumeFiles";
import { type EngineSession, openSession } from "../session";
import { pick } from "../slice";
import type { ResourceHandler } from "./handler";
import { fingerprintOf, type SecretSources, secretContents } from "./secretSources";

const slice = ({ green }: MoveSpec) => pick(green.database, "dockerVia");

type Session = EngineSession<ReturnType<typeof slice>>;

interface Inputs {
  volume: string;
  /** An image of the service that the engine has. */
  image: string;
  /** User and group number of the service. */
  owner: number;
  files: SecretSources;
  /** Fingerprint of the contents as the program knows them. A different one is a change. */
  fingerprint: string;
}

interface Outputs {
  volume: string;
  image: string;
  /** Names of the files. */
  names: string[];
  fingerprint: string;
}

const placeOf = ({ spec }: Session, { volume, image }: Pick<Outputs, "volume" | "image">) => ({
  volume,
  image,
  dockerVia: spec.dockerVia,
});

/** The keyed fingerprint of these files as they are in the volume. Files with other names are ignored. */
async function found(
  session: Session,
  place: Pick<Outputs, "volume" | "image">,
  names: string[],
): Promise<string> {
  const files = (await readVolumeFiles(placeOf(session, place), session.pool)) ?? {};
  const wanted = Object.entries(files).filter(([name]) => names.includes(name));
  return fingerprintOf(Object.fromEntries(wanted), session.secrets);
}

async function bringAbout(session: Session, inputs: Inputs): Promise<Outputs> {
  const { volume, image, owner, files } = inputs;
  const contents = await secretContents(files, session.secrets);
  const names = Object.keys(contents).sort();
  await writeVolumeFiles(placeOf(session, inputs), owner, contents, session.pool);
  const fingerprint = await found(session, inputs, names);
  if (fingerprint !== fingerprintOf(contents, session.secrets)) {
    throw new WikiferryError(
      "SECRET_FILES",
      `the volume ${volume} does not hold what was written to it (${names.join(", ")})`,
      "See that the new host's disk is not full, and run `pulumi up` again",
    );
  }
  return { volume, image, names, fingerprint };
}

/** A service's secrets are files in a separate volume, which only that service's user may read. */
export const handler: ResourceHandler<Session, Inputs, Outputs> = {
  slice,
  open: openSession,
  create: bringAbout,
  update: bringAbout,
  async read(session, { volume, image, names, fingerprint }) {
    const same = (await found(session, { volume, image }, names)) === fingerprint;
    return same ? { volume, image, names, fingerprint } : undefined;
  },
  /** The volume is removed with its own resource. */
  async remove() {},
};
