import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { sleep } from "zx";
import { messageOf } from "../../engine/errors";
import { livingPid, markOf } from "../common/proc";
import { stateFile } from "./paths";
import { say } from "./say";

/** The process that holds the lock, while it lives. */
function ownerOf(path: string): number | undefined {
  try {
    return livingPid(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

/**
 * Runs `work` while no other process on this machine does so for this checkout, and waits as long as the other one
 * lives. A lock whose process is gone is taken over, even if another process has its number by now.
 */
export async function withLock<T>(work: () => Promise<T>, path = stateFile("setup.lock")): Promise<T> {
  const mine = markOf(process.pid);
  mkdirSync(dirname(path), { recursive: true });
  let unowned = 0;
  for (let waitedMs = 0; ; waitedMs += 500) {
    try {
      writeFileSync(path, mine, { flag: "wx" });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const owner = ownerOf(path);
    unowned = owner === undefined ? unowned + 1 : 0;
    // A lock file is created empty and filled a moment later, so an empty one gets that moment.
    if (unowned > 1) {
      unowned = 0;
      rmSync(path, { force: true });
      continue;
    }
    if (waitedMs % 10_000 === 0 && owner !== undefined) say(`waiting for another set-up (process ${owner})`);
    await sleep(500);
  }
  const release = () => {
    try {
      if (readFileSync(path, "utf8") === mine) rmSync(path, { force: true });
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
