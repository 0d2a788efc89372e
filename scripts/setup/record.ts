import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { stateFile } from "./paths";

/** An image that the set-up built. */
export interface ImageRecord {
  /** `wikiferry/<service>:<hash>`; its content never changes. */
  ref: string;
  /** Its base image. */
  base: string;
  /** The id of that base at build time. Older records lack it. */
  baseId?: string;
}

/** The choices of the set-up on this machine, in `.wikiferry/setup.json`. */
export interface SetupRecord {
  pulumi: "vendor" | "offline";
  docker: "running" | "started" | "installed";
  images: Record<string, ImageRecord>;
}

const path = stateFile("setup.json");

/** The record of the last set-up, or undefined before the first. */
export function readRecord(): SetupRecord | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

/** Replaces the record as a whole. */
export function writeRecord(record: SetupRecord): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, `${JSON.stringify(record, null, 2)}\n`);
  renameSync(`${path}.new`, path);
}
