import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { SshConnection } from "../../../../runtime/ssh/connection";
import type { CopyContext } from "../context";
import { type BackupSession, lastWords } from "./backupSession";
import { backupFailed, receiveFailed } from "./failures";
import { unstream, workInGreen } from "./incoming";
import { Throttle } from "./throttle";

const brokenOff = "broken off";
const lost = "lost";
/** How long the end of the stream may take once the backup has failed, in milliseconds. */
const patienceMs = 1_000;

/**
 * Streams the backup from blue through the tool to green, where there is no other path between the two. The tool's link
 * is seldom faster than a processor compresses.
 * @param packed Whether it is compressed with zstd in transit.
 * @throws `COPY_BACKUP_FAILED`, `COPY_RECEIVE_FAILED`
 */
export async function relayThroughTool(
  ctx: CopyContext,
  ssh: SshConnection,
  custodian: BackupSession,
  packed: boolean,
): Promise<void> {
  const { channel, exited, closed } = await ssh.spawn(
    `sh ${custodian.script} backup${packed ? " packed" : ""}`,
  );
  channel.stderr.resume();
  channel.end();
  let giveUp: (why: typeof brokenOff | typeof lost) => void = () => {};
  const givenUp = new Promise<typeof brokenOff | typeof lost>((resolve) => {
    giveUp = resolve;
  });
  const stop = (why: typeof brokenOff | typeof lost) => {
    giveUp(why);
    channel.destroy();
  };
  // A channel whose connection was lost does not always report it.
  ssh.onceClosed(() => stop(lost));
  const wire = new Throttle(ctx.spec.copy.maxBytesPerSecond);
  pipeline(channel, wire).catch(() => {});
  const taking = take(ctx, wire, packed).catch((error) => {
    stop(brokenOff);
    throw error;
  });
  let sent = 0;
  const backedUp = (async () => {
    const end = await Promise.race([exited, givenUp]);
    if (end === brokenOff) return;
    if (end === lost)
      throw backupFailed("the connection to blue's host was lost while mariadb-backup ran there");
    sent = end;
    // Its error comes from ending it here. The log says what became of the backup.
    await Promise.race([closed.catch(() => {}), givenUp, ...(end === 0 ? [] : [sleep(patienceMs)])]);
    await custodian.whole(end);
  })();
  const [backup, received] = await Promise.allSettled([backedUp, taking]);
  if (received.status === "rejected") {
    // A failed backup makes the receiver fail as well. A backup whose output nobody read did not fail by itself.
    const notTaken = sent !== 0 && (await custodian.wasNotTaken(sent).catch(() => false));
    throw backup.status === "rejected" && !notTaken ? backup.reason : received.reason;
  }
  if (backup.status === "rejected") throw backup.reason;
}

async function take(ctx: CopyContext, stream: Throttle, packed: boolean): Promise<void> {
  const { exitCode, stderr } = await workInGreen(ctx, `${packed ? "zstd -q -d -c | " : ""}${unstream}`, {
    stdin: stream,
  });
  if (exitCode !== 0) throw receiveFailed(`exit code ${exitCode}, ${lastWords(stderr) || "it said nothing"}`);
}
