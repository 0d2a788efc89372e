import { readFileSync, readlinkSync } from "node:fs";
import { pids, read } from "../common/proc";

/** A process of this machine. */
export interface Process {
  pid: number;
  argv: string[];
  /** Its working directory; empty where it can't be read. */
  directory: string;
  /** Its `PULUMI_BACKEND_URL`; empty where it has none or it can't be read. */
  backendUrl: string;
}

/** Processes that this account may see; none where there is no /proc. */
export function processes(): Process[] {
  return pids().map((pid) => ({
    pid,
    argv: read(() => readFileSync(`/proc/${pid}/cmdline`, "utf8"))
      .split("\0")
      .filter(Boolean),
    directory: read(() => readlinkSync(`/proc/${pid}/cwd`)),
    backendUrl:
      /(?:^|\0)PULUMI_BACKEND_URL=([^\0]*)/.exec(
        read(() => readFileSync(`/proc/${pid}/environ`, "utf8")),
      )?.[1] ?? "",
  }));
}

/** The dockerd that writes its log to `logFile`, as one that the set-up started does. */
export function daemonWithLog(logFile: string): number | undefined {
  return pids().find(
    (pid) =>
      read(() => readFileSync(`/proc/${pid}/comm`, "utf8")).trim() === "dockerd" &&
      read(() => readlinkSync(`/proc/${pid}/fd/1`)) === logFile,
  );
}

/**
 * Processes of a rehearsal under way: the rehearsal itself, its load, and `pulumi` on its stack.
 * @param projectDir The checkout. Another checkout's rehearsal does not count.
 */
export function underWay(
  all: readonly Process[],
  { projectDir, backendUrl }: { projectDir: string; backendUrl: string },
): Process[] {
  return all.filter(({ argv, directory, backendUrl: backend }) => {
    // Its language host does not count: it outlives a killed engine by five minutes.
    if (backend === backendUrl && /(^|\/)pulumi$/.test(argv[0] ?? "")) return true;
    if (directory !== projectDir || !/(^|\/)node$/.test(argv[0] ?? "")) return false;
    return argv.some((word) => /(^|\/)scripts\/rehearsal\/(worlds\/[^/]+\/load\/)?main\.ts$/.test(word));
  });
}
