import type { Side } from "../../move";
import { otherSide } from "../../move";
import { type Broken, brokenFiles, type Comparison, compareFiles, refuseLoss } from "./comparison";
import type { ExpectedFile } from "./layout";
import type { UploadSides } from "./sides";

/** How often doubtful files are checked again, because people go on uploading. */
const looks = 3;

/** What a comparison needs from the uploads. */
export interface VerificationParts {
  sides: Pick<UploadSides, "hashAll" | "hashNamed">;
  /** MediaWiki's records on the serving side. */
  expected: () => Promise<ExpectedFile[]>;
  /** Copies these files once more. The next check shows what went wrong. */
  carry: (paths: string[]) => Promise<void>;
  /** How many broken files the config allows on the serving side. */
  allowLost: number;
}

/**
 * Compares every file on the passive side with the SHA-1 that MediaWiki has of it, and what differs with the serving
 * side. A file that is the same there is right. Any other is copied and checked again.
 * @throws `FILES_LOST` before anything is copied
 */
export async function compareSides(passive: Side, parts: VerificationParts): Promise<Comparison> {
  const { sides, expected, carry, allowLost } = parts;
  const serving = otherSide(passive);
  const recorded = await expected();
  let onPassive = await sides.hashAll(passive);
  const first = compareFiles(recorded, onPassive);
  const doubtful = [...first.missing, ...first.different, ...first.withoutHash];
  const recordedFiles = first.sameFiles + doubtful.length;
  let broken: Broken = { missing: [], empty: [], different: [] };
  const found = { missing: [] as string[], different: [] as string[] };
  let wrong: string[] = [];
  let sound = 0;
  let withoutHash = 0;
  for (let look = 1; doubtful.length > 0; look++) {
    const inDoubt = new Set(doubtful);
    // Read again, because a file that was deleted meanwhile is not lost.
    const still = unique((await expected()).filter(({ path }) => inDoubt.has(path)));
    const onServing = await sides.hashNamed(serving, doubtful);
    broken = brokenFiles(still, onServing);
    refuseLoss(serving, broken, recordedFiles, allowLost);
    if (look > 1) onPassive = await sides.hashNamed(passive, doubtful);
    wrong = still
      .map(({ path }) => path)
      .filter((path) => onServing.has(path) && onServing.get(path) !== onPassive.get(path));
    const isBroken = new Set([...broken.missing, ...broken.empty, ...broken.different, ...wrong]);
    const right = still.filter(({ path }) => !isBroken.has(path));
    sound = right.length;
    withoutHash = right.filter(({ sha1 }) => sha1 === undefined).length;
    if (look === 1) {
      found.missing = wrong.filter((path) => !onPassive.has(path));
      found.different = wrong.filter((path) => onPassive.has(path));
    }
    if (wrong.length === 0 || look > looks) break;
    await carry(wrong);
  }
  const stillWrong = new Set(wrong);
  return {
    recorded: recordedFiles,
    sameFiles: first.sameFiles + sound,
    withoutHash,
    found,
    mended: [...found.missing, ...found.different].filter((path) => !stillWrong.has(path)),
    missing: wrong.filter((path) => !onPassive.has(path)),
    different: wrong.filter((path) => onPassive.has(path)),
    extra: first.extra,
    brokenAtSource: broken,
  };
}

function unique(files: ExpectedFile[]): ExpectedFile[] {
  return [...new Map(files.map((file) => [file.path, file])).values()];
}
