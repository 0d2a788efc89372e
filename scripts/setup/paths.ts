import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** The checkout. */
export const projectDir = resolve(__dirname, "../..");

/** A file of what the scripts keep about this machine; not in git. */
export const stateFile = (...parts: string[]): string => join(projectDir, ".wikiferry", ...parts);

/** Where Pulumi keeps its versions and plugins; `PULUMI_HOME` moves it. */
export const pulumiHome = (): string => process.env.PULUMI_HOME || join(homedir(), ".pulumi");

/** Version of an installed npm package, without the leading `v`. */
export function packageVersion(name: string): string {
  const manifest = readFileSync(join(projectDir, "node_modules", name, "package.json"), "utf8");
  return String(JSON.parse(manifest).version);
}
