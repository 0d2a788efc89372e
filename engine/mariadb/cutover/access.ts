import { WikiferryError } from "../../errors";
import { accountsLocked, killSessions, killWriters, unlockAccounts } from "../accounts/accounts";
import { writeCheckpoint } from "../control/checkpoint";
import type { Server, Session } from "../server";

/*
 * `read_only` keeps the wiki's writes out of a fenced database, and lets page views be read from it meanwhile: locking
 * the accounts or ending every session would answer readers with errors for as long as the pause lasts. Through a
 * restart it is the server's init file that keeps it closed: until the commit because of the lease with the next
 * epoch, from the commit on because of the role record.
 */

/** Seconds that `SET GLOBAL read_only` may wait behind LOCK TABLES or a backup's lock. */
const fenceWaitSeconds = 2;

/**
 * Makes a primary refuse the wiki's writes. When this returns, no transaction of an unprivileged session can commit
 * any more: setting `read_only` takes the global commit lock for a moment, so it waits for commits under way.
 * @throws `CUTOVER_FENCE_BLOCKED`
 */
export async function fence(server: Server, hand: Session, appUser: string): Promise<void> {
  await hand.run("SET SESSION lock_wait_timeout = ?", [fenceWaitSeconds]);
  try {
    await hand.run("SET GLOBAL read_only = 1");
  } catch (error) {
    throw new WikiferryError(
      "CUTOVER_FENCE_BLOCKED",
      `${server.side} did not become read-only within ${fenceWaitSeconds} s: ${error instanceof Error ? error.message : error}`,
      "Something holds LOCK TABLES or a backup lock there (SHOW PROCESSLIST): let it end, then run again",
      { cause: error },
    );
  }
  // Their COMMIT would fail (error 1290); until it comes, their row locks would stop the reverse stream.
  await killWriters(server, appUser);
  if ((await server.value("SELECT @@GLOBAL.read_only")) === "1") return;
  throw new WikiferryError(
    "CUTOVER_FENCE_LIFTED",
    `${server.side} is not read-only right after it was made so`,
    "Something else sets read_only there: find it (an orchestrator, a cron job), then run again",
  );
}

/** Makes a server that should be passive refuse writes. */
export async function close(server: Server, appUser: string): Promise<void> {
  await (await server.unlogged()).run("SET GLOBAL read_only = 1");
  await killSessions(server, appUser);
}

export async function open(server: Server): Promise<void> {
  await (await server.unlogged()).run("SET GLOBAL read_only = 0");
}

/** Lets the wiki's accounts in, if they are locked. */
export async function admit(server: Server, appUser: string): Promise<void> {
  if (await accountsLocked(server, appUser)) await unlockAccounts(server, appUser);
}

/**
 * Shows that a reopened primary takes writes: not read-only, accounts unlocked, and a row written, in a table that is
 * this server's own and does not enter the binary log, so that no transaction comes into being that the other side
 * lacks.
 * @throws `CUTOVER_NOT_REOPENED`
 */
export async function proveOpen(server: Server, appUser: string): Promise<void> {
  await writeCheckpoint(server, "probe", { state: "open" });
  const readOnly = (await server.value("SELECT @@GLOBAL.read_only")) !== "0";
  const locked = await accountsLocked(server, appUser);
  if (!readOnly && !locked) return;
  throw new WikiferryError(
    "CUTOVER_NOT_REOPENED",
    `${server.side} is the primary and ${readOnly ? "is read-only" : `locks the account ${appUser}`}`,
    "Run `pulumi up` again; if that does not help, SET GLOBAL read_only = 0 and ALTER USER … ACCOUNT UNLOCK there",
  );
}
