import { readFileSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { join, resolve } from "node:path";

/** The checkout. */
export const projectDir = resolve(__dirname, "../..");

/** A file in which the scripts keep facts about this machine; not in git. */
export const stateFile = (...parts: string[]): string => join(projectDir, ".wikiferry", ...parts);

/** The digests of official images, to be committed, so that every machine builds on the same ones. */
export const digestFile = join(projectDir, "images.lock.json");

/** Where the npm package `pulumi` looks for the engine. `PULUMI_HOME` moves it. */
export const pulumiHome = (): string => process.env.PULUMI_HOME || join(homedir(), ".pulumi");

/** Where the engine looks for plugins: in the account's home, whatever `HOME` says. `PULUMI_HOME` moves it. */
export const pluginHome = (): string =>
  join(process.env.PULUMI_HOME || join(userInfo().homedir, ".pulumi"), "plugins");

/** Version of an installed npm package, without the leading `v`. */
export function packageVersion(name: string): string {
  const manifest = readFileSync(join(projectDir, "node_modules", name, "package.json"), "utf8");
  return String(JSON.parse(manifest).version);
}
