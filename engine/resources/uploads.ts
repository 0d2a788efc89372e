import { journalOn } from "../control/mariadb/openJournal";
import { findPrimary } from "../control/mariadb/primary";
import { type MoveSpec, otherSide, type Side } from "../move";
import type { Uploads } from "../movers/files/uploads";
import { uploadsOf } from "../operations/wikiControls";
import { type MoveSession, openMoveSession } from "../session";
import { container, databaseAccess, pick } from "../slice";
import type { ResourceHandler } from "./handler";

const slice = (spec: MoveSpec) => {
  const { blue, green } = databaseAccess(spec);
  return {
    wiki: pick(spec.wiki, "database", "tablePrefix", "hashedUploads"),
    blue: {
      ...blue,
      files: pick(spec.blue.files, "ssh", "directory", "address", "allowFrom"),
    },
    green: {
      ...green,
      fileSync: { ...container(spec.green.fileSync), ...pick(spec.green.fileSync, "directory") },
    },
    files: pick(spec.files, "maxDelete", "allowDelete", "allowLost", "keepDays"),
  };
};

type Session = MoveSession<ReturnType<typeof slice>>;

interface Inputs {
  following: boolean;
}

interface Outputs {
  /** Files whose SHA-1 is MediaWiki's, at the last comparison. */
  files: number;
  following: boolean;
}

async function bringAbout(session: Session, { following }: Inputs): Promise<Outputs> {
  const uploads = uploadsOf(session);
  const { side: primary } = await findPrimary(session);
  if (!following) {
    const files = await compare(session, uploads, "green", primary);
    await uploads.retire();
    await uploads.forgetKeptOnGreen();
    return { files, following: false };
  }
  await uploads.authorise(session.spec.blue.files.allowFrom);
  await uploads.forgetOld();
  await uploads.requireWhole(primary);
  await uploads.follow(primary === "blue" ? "pull" : "push");
  await uploads.sync();
  return { files: await compare(session, uploads, otherSide(primary), primary), following: true };
}

/** Compares, and records in the journal what was found and what was repaired. */
async function compare(session: Session, uploads: Uploads, passive: Side, primary: Side): Promise<number> {
  const { sameFiles, recorded, withoutHash, found, mended, brokenAtSource } = await uploads.verify(passive);
  const first = (paths: string[]) => ({ files: paths.length, first: paths.slice(0, 5) });
  await journalOn(session[primary]).append({
    step: "uploads",
    side: passive,
    event: "compared",
    detail: {
      recorded,
      equal: sameFiles,
      withoutHash,
      foundMissing: first(found.missing),
      foundDifferent: first(found.different),
      mended: first(mended),
      lost: first(brokenAtSource.missing),
      empty: first(brokenAtSource.empty),
      altered: first(brokenAtSource.different),
    },
  });
  return sameFiles;
}

/** The passive side has every upload of the active one, each compared with MediaWiki's SHA-1. */
export const handler: ResourceHandler<Session, Inputs, Outputs> = {
  slice,
  open: openMoveSession,
  create: bringAbout,
  update: bringAbout,
  async read(session, { files }) {
    return { files, following: (await uploadsOf(session).direction()) !== "off" };
  },
  async remove(session) {
    await uploadsOf(session).retire();
  },
  stillHolds: (inputs, outputs) => inputs.following === outputs.following,
};
