import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { sleep } from "zx";
import { messageOf } from "../../engine/errors";
import { stateFile } from "./paths";
import { say } from "./say";

function ownerOf(path: string): number | undefined {
  try {
    const pid = Number(readFileSync(path, "utf8"));
    if (!Number.isInteger(pid) || pid <= 0) return undefined;
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM" ? -1 : undefined;
  }
}

/**
 * Runs `work` while no other process on this machine does so for this checkout; waits for as long as the
 * other one lives. A lock whose process is gone is taken over.
 */
export async function withLock<T>(work: () => Promise<T>): Promise<T> {
  const path = stateFile("setup.lock");
  mkdirSync(dirname(path), { recursive: true });
  for (let waitedMs = 0; ; waitedMs += 500) {
    try {
      writeFileSync(path, String(process.pid), { flag: "wx" });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const owner = ownerOf(path);
    // A lock file is created empty and filled a moment later: an empty one is given that moment.
    if (owner === undefined && waitedMs > 0) {
      rmSync(path, { force: true });
      continue;
    }
    if (waitedMs % 10_000 === 0 && owner !== undefined) say(`waiting for another set-up (process ${owner})`);
    await sleep(500);
  }
  const release = () => {
    try {
      if (readFileSync(path, "utf8") === String(process.pid)) rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") say(`lock not removed: ${messageOf(error)}`);
    }
  };
  process.once("exit", release);
  try {
    return await work();
  } finally {
    release();
    process.off("exit", release);
  }
}
