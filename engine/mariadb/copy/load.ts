import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { execInContainer } from "../../docker/exec";
import { WikiferryError } from "../../errors";
import type { ContainerRef } from "../../move";
import type { SshPool } from "../../ssh/pool";
import type { Server } from "../server";

/** The account that loads: by the socket, as the container's own user, without a password; nobody else uses it. */
const loader = "mysql";

/**
 * Feeds SQL to the client inside green's container. Nothing of it reaches green's binary log.
 * @throws `COPY_LOAD_FAILED`
 */
export async function load(ref: ContainerRef, database: string, sql: Readable, pool: SshPool): Promise<void> {
  const command = [
    "mariadb",
    "--no-defaults",
    "--socket=/run/mysqld/mysqld.sock",
    `--user=${loader}`,
    "--init-command=SET SESSION sql_log_bin = 0",
    "--default-character-set=binary",
    "--binary-mode",
    "--skip-reconnect",
    "--max-allowed-packet=1G",
    `--database=${database}`,
  ];
  const { exitCode, stderr, stdout } = await execInContainer(ref, command, pool, { stdin: sql });
  if (exitCode !== 0) {
    throw new WikiferryError(
      "COPY_LOAD_FAILED",
      `green's MariaDB did not take the copy, exit code ${exitCode}: ${(stderr.trim() || stdout.trim()).slice(-500)}`,
      "See the reason, such as a full disk; the next `pulumi up` copies anew",
    );
  }
}

/** Ends what an earlier load still does on green; returns when none of its sessions is left. */
export async function sweepLoads(green: Server, timeoutMs = 30_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const sessions = await green.rows<{ ID: string }>(
      "SELECT ID FROM information_schema.processlist WHERE USER = ?",
      [loader],
    );
    if (sessions.length === 0) return;
    if (performance.now() > end) {
      throw new WikiferryError(
        "COPY_LOAD_RUNNING",
        `an earlier load still runs in green's MariaDB (session ${sessions.map((session) => session.ID).join(", ")})`,
        "Wait until it has been rolled back, then run again",
      );
    }
    for (const { ID } of sessions) await green.run("KILL HARD CONNECTION ?", [Number(ID)]).catch(ignoreGone);
    await sleep(50);
  }
}

function ignoreGone(error: unknown): number {
  // ER_NO_SUCH_THREAD: it has ended by itself.
  if ((error as { errno?: number }).errno === 1094) return 0;
  throw error;
}
