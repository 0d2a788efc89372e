import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../../../errors";
import type { Server } from "../../../runtime/mariadb/server";
import type { SshConnection } from "../../../runtime/ssh/connection";

/** Restarts, and measures from the last accepted connection before to the first one after. */
export async function restart(
  blue: Server,
  ssh: SshConnection,
  command: string,
  timeoutMs: number,
): Promise<{ downtimeMs: number | undefined; output: string }> {
  await blue.close();
  // A stopping server closes its port first and then its sessions, so a connection accepted after this one belongs to
  // the new server.
  let down = false;
  const witness = await blue.open({ onLost: () => (down = true) }).catch(() => undefined);
  if (!witness) down = true;
  let lastAccepted = performance.now();
  let output = "";
  let ended = false;
  const running = ssh.exec(command).then(
    ({ stdout, stderr, exitCode }) => {
      output = `exit code ${exitCode}: ${(stderr.trim() || stdout.trim()).slice(-300)}`;
      ended = true;
    },
    (error) => {
      output = messageOf(error);
      ended = true;
    },
  );
  const end = lastAccepted + timeoutMs;
  try {
    while (performance.now() < end) {
      const wasDown = down;
      const wasEnded = ended;
      const asked = performance.now();
      const accepted = await accepts(blue);
      if (accepted && wasDown) {
        const downtimeMs = performance.now() - lastAccepted;
        await running;
        return { downtimeMs, output };
      }
      if (accepted) {
        lastAccepted = asked;
        if (wasEnded && !down) return { downtimeMs: undefined, output };
      }
      await sleep(20);
    }
    return { downtimeMs: undefined, output: output || "no answer" };
  } finally {
    witness?.destroy();
  }
}

async function accepts(server: Server): Promise<boolean> {
  try {
    (await server.open({ connectTimeoutMs: 2_000 })).destroy();
    return true;
  } catch {
    return false;
  }
}
