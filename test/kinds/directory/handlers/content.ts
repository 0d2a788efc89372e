import { otherSide } from "../../../../engine/move";
import type { ResourceHandler } from "../../../../engine/resources/handler";
import { copy, differences, hashes } from "../files";
import { type DirectoryMove, openDirectories, primarySide, type Session } from "../session";

interface Outputs {
  files: number;
  /** How many of them differ. */
  different: number;
}

async function seen({ spec, store }: Session): Promise<Outputs> {
  const primary = await primarySide({ store });
  const different = await differences(spec[primary], spec[otherSide(primary)]).catch(() => [""]);
  return { files: (await hashes(spec[primary])).size, different: different.length };
}

async function bringOver(session: Session): Promise<Outputs> {
  const { spec, report } = session;
  const primary = await primarySide(session);
  await copy(spec[primary], spec[otherSide(primary)]);
  report({ step: "content", message: `${otherSide(primary)} has the files of ${primary}` });
  return seen(session);
}

/** The passive directory holds what the active one holds. */
export const handler: ResourceHandler<Session, object, Outputs, DirectoryMove, unknown> = {
  slice: (move) => move,
  open: openDirectories,
  create: bringOver,
  update: bringOver,
  read: seen,
  async remove() {},
  stillHolds: (_inputs, { different }) => different === 0,
};
