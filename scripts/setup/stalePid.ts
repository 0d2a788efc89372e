import { readFileSync, rmSync } from "node:fs";
import { read } from "../common/proc";

/** Docker's pid files of its engine's processes, by program name. */
export const enginePidFiles = {
  dockerd: "/var/run/docker.pid",
  containerd: "/var/run/docker/containerd/containerd.pid",
} as const;

/**
 * Removes a pid file whose number belongs to another program by now. A daemon that was killed, or whose machine went
 * down, leaves the file behind, and Docker only checks whether some process of that number lives. With dockerd's file
 * it then refuses to start; with containerd's it waits for that process to answer, and gives up after 15 s.
 * @param program The name of the program that owns the file.
 * @returns the number, where the file was removed
 */
export function removeStalePid(file: string, program: string): number | undefined {
  const pid = pidIn(file);
  if (pid === undefined || runs(pid, program)) return undefined;
  rmSync(file, { force: true });
  return pid;
}

/** Whether the process in a pid file is this program. */
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
