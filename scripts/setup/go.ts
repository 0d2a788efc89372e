import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { $ } from "zx";
import { WikiferryError } from "../../engine/errors";
import { installPackages, onDebianAsRoot } from "./apt";

/** From 1.21 on, `go` downloads the newer toolchain that a go.mod asks for. */
const oldest = { major: 1, minor: 21 };

async function versionOf(go: string): Promise<string | undefined> {
  const answer = await $({ nothrow: true, quiet: true })`${go} env GOVERSION`;
  return answer.exitCode === 0 ? answer.stdout.trim() : undefined;
}

function isNewEnough(version: string): boolean {
  const [, major, minor] = /^(?:go|\d+:)?(\d+)\.(\d+)/.exec(version) ?? [];
  return Number(major) > oldest.major || (Number(major) === oldest.major && Number(minor) >= oldest.minor);
}

async function candidate(): Promise<string> {
  const answer = await $({ nothrow: true, quiet: true })`apt-cache policy golang-go`;
  return /Candidate: (\S+)/.exec(answer.stdout)?.[1] ?? "";
}

/** A Go toolchain that can build the Pulumi engine: from PATH, the usual places, or Debian's package. */
export async function findGo(): Promise<string> {
  let found = "none";
  for (const go of ["go", "/usr/local/go/bin/go", join(homedir(), "go/bin/go")]) {
    if (go !== "go" && !existsSync(go)) continue;
    const version = await versionOf(go);
    if (version && isNewEnough(version)) return go;
    if (version) found = version;
  }
  if (onDebianAsRoot() && isNewEnough(await candidate())) {
    await installPackages("golang-go");
    return "go";
  }
  throw new WikiferryError(
    "SETUP_PULUMI",
    `Pulumi can't be downloaded from get.pulumi.com, and building it needs Go 1.21 or newer (found: ${found})`,
    "Install Go from https://go.dev/dl, or run `curl -fsSL https://get.pulumi.com | sh` where that site can be reached, then run this again.",
  );
}
