import { existsSync } from "node:fs";
import pLimit from "p-limit";
import { $, sleep } from "zx";
import { step } from "./say";

/** Whether this process may install Debian or Ubuntu packages. */
export const onDebianAsRoot = (): boolean => existsSync("/etc/debian_version") && process.getuid?.() === 0;

/** apt's locks admit one process at a time. */
const oneAtATime = pLimit(1);
/** Waits this long for the apt lock. */
const lockMs = 300_000;

/** Installs packages without recommended ones, and asks nothing. */
export function installPackages(...names: string[]): Promise<void> {
  return oneAtATime(() => step(`installing ${names.join(", ")}`, () => install(names)));
}

async function install(names: readonly string[]): Promise<void> {
  const run = $({ quiet: true, env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } });
  const options = ["-o", `DPkg::Lock::Timeout=${lockMs / 1000}`, "-o", "Acquire::Retries=3"];
  const deadlineMs = Date.now() + lockMs;
  // The lock on the package lists is not among those that apt itself waits for.
  for (;;) {
    const updated = await run({ nothrow: true })`apt-get ${options} update`;
    if (updated.exitCode === 0) break;
    if (!/Could not get lock/.test(updated.stderr) || Date.now() > deadlineMs)
      throw new Error(`apt-get update: ${updated.stderr.trim()}`);
    await sleep(1_000);
  }
  // The set-up starts services itself: a package script that starts one may wait for an init system.
  await run`apt-get ${options} install -y --no-install-recommends ${names}`;
}
