import { fork } from "node:child_process";
import { removeLeftovers } from "../../lab/leftovers";

/** A process that outlives this one if it is killed, and then removes the servers that it left behind. */
export function startReaper(): () => Promise<void> {
  const child = fork(__filename, {
    execArgv: ["--import", "tsx"],
    cwd: __dirname,
    detached: true,
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  child.unref();
  child.channel?.unref();
  return async () => {
    child.kill("SIGKILL");
  };
}

if (require.main === module)
  process.once("disconnect", () => {
    // Its process id is released once nobody is its parent.
    setTimeout(() => void removeLeftovers().finally(() => process.exit(0)), 1_000);
  });
