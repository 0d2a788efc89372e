import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { projectDir, stateFile } from "../setup/paths";

/** On everything that a rehearsal makes on a Docker engine; its value is the checkout's id. */
export const rehearsalLabel = "wikiferry.rehearsal";

interface Kept {
  id: string;
  /** The checkout that it was made for. */
  checkout: string;
}

/**
 * The id of this checkout's rehearsals, made once: `<folder>-<random>`. By it they know their own containers, volumes
 * and networks. `WIKIFERRY_REHEARSAL_ID` names it where checkouts come and go, as on a CI runner.
 *
 * @param file Where it is kept.
 */
export function rehearsalId(file = stateFile("rehearsal-id.json"), checkout = projectDir): string {
  const given = process.env.WIKIFERRY_REHEARSAL_ID;
  if (given) return given;
  const kept = readKept(file);
  // A copy of a checkout brings the file along, and is another checkout as long as the first one is there.
  const copied =
    kept && kept.checkout !== checkout && existsSync(join(kept.checkout, ".wikiferry/rehearsal-id.json"));
  if (kept && !copied) return kept.id;
  const folder = basename(checkout)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-");
  const made: Kept = { id: `${folder}-${randomBytes(8).toString("hex")}`, checkout };
  mkdirSync(dirname(file), { recursive: true });
  try {
    writeFileSync(file, `${JSON.stringify(made)}\n`, { flag: copied ? "w" : "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    // Another process has just made it.
    return readKept(file)?.id ?? made.id;
  }
  return made.id;
}

function readKept(file: string): Kept | undefined {
  try {
    const kept = JSON.parse(readFileSync(file, "utf8")) as Partial<Kept>;
    return kept.id && kept.checkout ? { id: kept.id, checkout: kept.checkout } : undefined;
  } catch {
    return undefined;
  }
}
