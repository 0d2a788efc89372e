import {
  accessSync,
  constants,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { $ } from "zx";
import { messageOf, WikiferryError } from "../../engine/errors";
import { findGo } from "./go";
import { packageVersion, projectDir, pulumiHome } from "./paths";
import { pulumiSite, reachable } from "./probe";
import { say, step } from "./say";

const files = ["pulumi", "pulumi-language-nodejs", "pulumi-resource-pulumi-nodejs"];
const languageHost = "node-language-host";

/** The engine's folder, in which `npx pulumi` looks. */
export const engineDir = (): string => join(pulumiHome(), "versions", packageVersion("pulumi"), "bin");

/** The engine's missing files, by name. */
export function missingEngineFiles(): string[] {
  return files.filter((name) => {
    try {
      accessSync(join(engineDir(), name), constants.X_OK);
      return false;
    } catch {
      return true;
    }
  });
}

/**
 * Shell scripts beside a build of ours, by name.
 *
 * The vendor's script for dynamic providers needs a newer shell and tools. The last language host that is a Go module
 * (3.68) takes a project's runtime options as arguments, and the engine passes them in another way since: they are read
 * from Pulumi.yaml. Both run in the project's folder.
 */
const scripts: Record<string, string> = {
  "pulumi-resource-pulumi-nodejs": `#!/bin/sh
folder=$PWD
while [ "$folder" != / ] && [ ! -e "$folder/node_modules/@pulumi/pulumi" ]; do folder=$(dirname "$folder"); done
node=$folder/node_modules/.bin/node
[ -x "$node" ] || node=node
exec "$node" "$folder/node_modules/@pulumi/pulumi/cmd/dynamic-provider" "$@"
`,
  "pulumi-language-nodejs": `#!/bin/sh
option() { sed -n "s/^ *$1: *//p" Pulumi.yaml 2>/dev/null | head -n 1; }
typescript=$(option typescript)
nodeargs=$(option nodeargs)
exec "$(dirname "$0")/${languageHost}" "-typescript=\${typescript:-true}" "-nodeargs=$nodeargs" "$@"
`,
};

/** Writes the scripts beside a build of ours, also of an earlier version. */
function writeScripts(directory: string): void {
  for (const [name, text] of Object.entries(scripts)) {
    const file = join(directory, name);
    if (existsSync(file) && readFileSync(file, "utf8") === text) continue;
    // Whoever starts it meanwhile finds the old or the new one.
    const next = `${file}.${process.pid}`;
    writeFileSync(next, text, { mode: 0o755 });
    renameSync(next, file);
  }
}

/** Whether the engine was built here: the vendor's has the hosts of all languages. */
const builtHere = (): boolean => !existsSync(join(engineDir(), "pulumi-language-python"));

async function build(module: string, pkg: string, flags: string, output: string): Promise<void> {
  const go = await findGo();
  const env = { ...process.env, GOTOOLCHAIN: process.env.GOTOOLCHAIN ?? "auto" };
  // Built from a copy, so that the folder in git is never written to.
  const source = `${output}.src`;
  cpSync(join(projectDir, "scripts/setup/go", module), source, { recursive: true });
  try {
    const run = $({ cwd: source, env, quiet: true });
    await run`${go} build -mod=readonly -trimpath -buildvcs=false -ldflags ${flags} -o ${output} ${pkg}`;
  } catch (error) {
    const remedy =
      "See that proxy.golang.org can be reached and 3 GB are free in the home directory, then run this again.";
    throw new WikiferryError(
      "SETUP_PULUMI",
      `Building ${pkg} failed: ${messageOf(error).split("\n").slice(0, 3).join(" ")}`,
      remedy,
      { cause: error },
    );
  } finally {
    rmSync(source, { recursive: true, force: true });
  }
}

async function buildEngine(): Promise<void> {
  const version = packageVersion("pulumi");
  const target = engineDir();
  mkdirSync(join(target, ".."), { recursive: true });
  const temporary = mkdtempSync(join(target, "..", ".building-"));
  try {
    await step("building the Pulumi CLI from Go modules, about 4 min", () =>
      build(
        "cli",
        "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${version}`,
        join(temporary, "pulumi"),
      ),
    );
    await step("building Pulumi's Node language host from Go modules, about 30 s", () =>
      build(
        "language-host",
        "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
        "-s -w",
        join(temporary, languageHost),
      ),
    );
    writeScripts(temporary);
    rmSync(target, { recursive: true, force: true });
    renameSync(temporary, target);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

async function download(): Promise<boolean> {
  try {
    await step("downloading the Pulumi CLI", async () => {
      await $({ cwd: projectDir, quiet: true })`npx pulumi version`;
    });
    return missingEngineFiles().length === 0;
  } catch {
    return false;
  }
}

/** An earlier version of the set-up put the language host itself in its script's place. */
function bringUpToDate(): void {
  try {
    // Fails where it is done already, so that two set-ups at once do no harm.
    linkSync(join(engineDir(), "pulumi-language-nodejs"), join(engineDir(), languageHost));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  writeScripts(engineDir());
}

/** Ends with a working `npx pulumi`: the vendor's download where it can be reached, else a build from Go modules. */
export async function setUpEngine(): Promise<void> {
  if (missingEngineFiles().length === 0) {
    if (builtHere()) bringUpToDate();
    return;
  }
  if ((await reachable(pulumiSite)) && (await download())) return;
  say("get.pulumi.com can't be reached: the Pulumi engine comes from Go modules");
  await buildEngine();
}
