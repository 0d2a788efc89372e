import type { Move } from "../context";
import { otherSide } from "../move";
import { primaryOf } from "../wiki/primary";
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
  const primary = await primaryOf(move);
  if (!following) {
    const { sameFiles } = await uploads.verify("green");
    await uploads.retire();
    return { files: sameFiles, following: false };
  }
  await uploads.authorise();
  await uploads.follow(primary === "blue" ? "pull" : "push");
  await uploads.sync();
  const { sameFiles } = await uploads.verify(otherSide(primary));
  return { files: sameFiles, following: true };
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
