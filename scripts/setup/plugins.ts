import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { $ } from "zx";
import { quote } from "../../engine/runtime/ssh/quote";
import { packageVersion, pluginHome, projectDir } from "./paths";
import { pulumiSite, reachable } from "./probe";
import { engineDir } from "./pulumi";
import { say, step } from "./say";

/** The provider plugins that the program uses. */
export const pluginNames = ["docker", "command", "cloudflare"] as const;

/** Marks a plugin's folder as this project's offline plugin, which the vendor's may replace. */
const marker = "wikiferry-offline";

const folderOf = (name: string): string =>
  join(pluginHome(), `resource-${name}-v${packageVersion(`@pulumi/${name}`)}`);

/** Which plugin the engine will find. */
export function pluginState(name: string): "vendor" | "offline" | "stale" | "missing" {
  const folder = folderOf(name);
  const launcher = join(folder, `pulumi-resource-${name}`);
  if (!existsSync(launcher) || existsSync(`${folder}.partial`)) return "missing";
  if (!existsSync(join(folder, marker))) return "vendor";
  return readFileSync(launcher, "utf8") === launcherOf(name) ? "offline" : "stale";
}

const sources = join(projectDir, "plugins");

let knownKey: string | undefined;

/** A hash of everything in the offline plugins: their sources, and the packages by the lock file. */
function sourcesKey(): string {
  knownKey ??= hashOfSources();
  return knownKey;
}

function hashOfSources(): string {
  const hash = createHash("sha256").update(readFileSync(join(projectDir, "package-lock.json")));
  for (const file of (readdirSync(sources, { recursive: true }) as string[]).sort())
    if (file.endsWith(".ts")) hash.update(file).update(readFileSync(join(sources, file)));
  return hash.digest("hex").slice(0, 16);
}

/** Absolute paths, because the engine starts a plugin in the program's folder, whatever that is. */
function launcherOf(name: string): string {
  const node = quote(join(projectDir, "node_modules/node/bin/node"));
  return `#!/bin/sh\n# ${sourcesKey()}\nexec ${node} ${quote(join(folderOf(name), "main.js"))} "$@"\n`;
}

/**
 * Bundles it into one file with its packages: each command of the engine starts it again, and so it starts three times
 * as fast.
 */
async function link(name: string): Promise<void> {
  const folder = folderOf(name);
  mkdirSync(dirname(folder), { recursive: true });
  const temporary = mkdtempSync(join(dirname(folder), `.${name}-`));
  await build({
    entryPoints: [join(sources, name, "main.ts")],
    outfile: join(temporary, "main.js"),
    bundle: true,
    platform: "node",
    target: "node20",
    logLevel: "error",
    // Both are optional for ssh2.
    external: ["cpu-features", "*.node"],
  });
  writeFileSync(join(temporary, `pulumi-resource-${name}`), launcherOf(name), { mode: 0o755 });
  writeFileSync(join(temporary, marker), "Replaced by the vendor's plugin once that can be downloaded.\n");
  rmSync(folder, { recursive: true, force: true });
  rmSync(`${folder}.partial`, { force: true });
  renameSync(temporary, folder);
}

async function installVendors(names: readonly string[]): Promise<void> {
  for (const name of names) {
    const version = packageVersion(`@pulumi/${name}`);
    const run = $({ quiet: true, nothrow: true, timeout: "300s" });
    await step(`downloading the ${name} plugin ${version}`, async () => {
      // Over an offline plugin only --reinstall has an effect. It keeps the old one where the download fails.
      const answer =
        await run`${join(engineDir(), "pulumi")} plugin install resource ${name} ${version} --reinstall`;
      if (answer.exitCode === 0) rmSync(join(folderOf(name), marker), { force: true });
      else say(`the ${name} plugin could not be downloaded: ${answer.stderr.trim().split("\n").at(-1)}`);
    });
  }
}

/**
 * The vendor's plugins where they can be downloaded, else the offline ones, installed where the engine looks first for
 * a plugin of exactly this version, so that `npx pulumi` by hand finds them too.
 */
export async function setUpPlugins(): Promise<"vendor" | "offline"> {
  const wanting = pluginNames.filter((name) => pluginState(name) !== "vendor");
  if (wanting.length > 0 && (await reachable(pulumiSite))) await installVendors(wanting);
  const offline = pluginNames.filter((name) => pluginState(name) !== "vendor");
  const changed = offline.filter((name) => pluginState(name) !== "offline");
  for (const name of changed) await link(name);
  if (offline.length > 0)
    say(`the vendor's plugins can't be downloaded: using offline plugins for ${offline.join(", ")}`);
  return offline.length > 0 ? "offline" : "vendor";
}
