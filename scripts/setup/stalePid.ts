import { readFileSync, rmSync } from "node:fs";

/** Where Docker notes the processes of its engine, by the name of the program. */
export const enginePidFiles: Readonly<Record<string, string>> = {
  dockerd: "/var/run/docker.pid",
  containerd: "/var/run/docker/containerd/containerd.pid",
};

/**
 * Removes a pid file whose number another program has by now. A daemon that was killed, or went with its machine,
 * leaves the file behind; Docker asks only whether some process of that number lives. For dockerd's file it then
 * refuses to start; for containerd's it waits for that process to answer and kills it in the end.
 *
 * @param program The name of the program that the file is of.
 * @returns the number, where the file was removed
 */
export function removeStalePid(file: string, program: string): number | undefined {
  const pid = Number.parseInt(read(file), 10);
  if (!(pid > 0)) return undefined;
  const running = read(`/proc/${pid}/comm`).trim();
  if (running === program) return undefined;
  rmSync(file, { force: true });
  return pid;
}

/** Empty where there is none, such as of a process that has ended. */
function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
