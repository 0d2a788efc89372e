import { readFileSync, rmSync } from "node:fs";
import { read } from "../common/proc";

/** Where Docker notes the processes of its engine, by the name of the program. */
export const enginePidFiles = {
  dockerd: "/var/run/docker.pid",
  containerd: "/var/run/docker/containerd/containerd.pid",
} as const;

/**
 * Removes a pid file whose number another program has by now. A daemon that was killed, or went with its machine,
 * leaves the file behind; Docker asks only whether some process of that number lives. For dockerd's file it then
 * refuses to start; for containerd's it waits for that process to answer, and gives up after 15 s.
 *
 * @param program The name of the program that the file is of.
 * @returns the number, where the file was removed
 */
export function removeStalePid(file: string, program: string): number | undefined {
  const pid = pidIn(file);
  if (pid === undefined || runs(pid, program)) return undefined;
  rmSync(file, { force: true });
  return pid;
}

/** Whether the process that a pid file names is of this program. */
export function isHeld(file: string, program: string): boolean {
  const pid = pidIn(file);
  return pid !== undefined && runs(pid, program);
}

function pidIn(file: string): number | undefined {
  const pid = Number.parseInt(
    read(() => readFileSync(file, "utf8")),
    10,
  );
  return pid > 0 ? pid : undefined;
}

function runs(pid: number, program: string): boolean {
  return read(() => readFileSync(`/proc/${pid}/comm`, "utf8")).trim() === program;
}
