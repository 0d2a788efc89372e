import type { Move } from "../context";
import type { Uploads } from "../files/uploads";
import { findPrimary } from "../mariadb/control/primary";
import { otherSide, type Side } from "../move";
import { journalOn } from "../wiki/journal";
import { uploadsOf } from "../wiki/surroundings";
import type { Hold, HoldInputs } from "./hold";

interface Inputs extends HoldInputs {
  following: boolean;
}

interface Outputs {
  /** Files whose SHA-1 is MediaWiki's, at the last comparison. */
  files: number;
  following: boolean;
}

async function bringAbout(move: Move, { following }: Inputs): Promise<Outputs> {
  const uploads = uploadsOf(move);
  const { side: primary } = await findPrimary(move);
  if (!following) {
    const files = await compare(move, uploads, "green", primary);
    await uploads.retire();
    await uploads.forgetKeptOnGreen();
    return { files, following: false };
  }
  await uploads.authorise();
  await uploads.forgetOld();
  await uploads.requireWhole(primary);
  await uploads.follow(primary === "blue" ? "pull" : "push");
  await uploads.sync();
  return { files: await compare(move, uploads, otherSide(primary), primary), following: true };
}

/** Compares, and keeps in the journal what was found and what was mended. */
async function compare(move: Move, uploads: Uploads, passive: Side, primary: Side): Promise<number> {
  const { sameFiles, recorded, withoutHash, found, mended, brokenAtSource } = await uploads.verify(passive);
  const first = (paths: string[]) => ({ files: paths.length, first: paths.slice(0, 5) });
  await journalOn(move[primary]).append({
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
export const hold: Hold<Inputs, Outputs> = {
  create: bringAbout,
  update: bringAbout,
  async read(move, { files }) {
    return { files, following: (await uploadsOf(move).direction()) !== "off" };
  },
  async remove(move) {
    await uploadsOf(move).retire();
  },
  stillHolds: (inputs, outputs) => inputs.following === outputs.following,
};
