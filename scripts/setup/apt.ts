import { existsSync } from "node:fs";
import { $ } from "zx";
import { step } from "./say";

/** Whether this process may install Debian or Ubuntu packages. */
export const onDebianAsRoot = (): boolean => existsSync("/etc/debian_version") && process.getuid?.() === 0;

/** Installs packages without what they merely recommend, asking nothing. */
export async function installPackages(...names: string[]): Promise<void> {
  const run = $({ quiet: true, env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } });
  await step(`installing ${names.join(", ")}`, async () => {
    await run`apt-get update`;
    // Services are started by the set-up itself: a package script that starts one may wait for an init system.
    await run`apt-get install -y --no-install-recommends ${names}`;
  });
}
