import { writeCheckpoint } from "../../../control/mariadb/checkpoint";
import { messageOf, WikiferryError } from "../../../errors";
import type { Row, Server, Session } from "../../../runtime/mariadb/server";
import { accountsLocked, killSessions, unlockAccounts } from "../accounts/accounts";
import { runGuarded } from "../fencing/guardedStatement";
import {
  closeStatement,
  fenceStatement,
  openStatement,
  openWhenAppliedStatement,
} from "../fencing/statements";

/*
 * `read_only` keeps the wiki's writes out of a fenced database and still allows page views to be read from it: locking
 * the accounts or ending every session would answer readers with errors for the length of the pause. Through a restart
 * the server's init file keeps it closed: until the commit because of the lease with the next epoch, from the commit on
 * because of the role record. The server itself decides, by its own rows, whether it may be fenced.
 */

/**
 * Makes a primary refuse the wiki's writes while `holder`'s lease for the next epoch lasts. When this returns, no
 * transaction of an unprivileged session can commit any more: setting `read_only` takes the global commit lock for a
 * moment, so it waits for commits under way. `killWriters` deals with sessions in the middle of a write.
 * @returns the last transaction of its binary log, read after the fence, as the server writes it
 * @throws `CUTOVER_FENCE_BLOCKED`, `CTRL_REFUSED`
 */
export async function fence(server: Server, session: Session, holder: string): Promise<string> {
  let found: Row | undefined;
  try {
    found = (await runGuarded(session, fenceStatement(server.side), [holder]))[0]?.[0];
  } catch (error) {
    if (error instanceof WikiferryError) throw error;
    throw new WikiferryError(
      "CUTOVER_FENCE_BLOCKED",
      `${server.side} did not become read-only: ${messageOf(error)}`,
      "Something holds LOCK TABLES or a backup lock there (SHOW PROCESSLIST): let it end, then run again",
      { cause: error },
    );
  }
  if (String(found?.closed) === "1") return String(found?.position);
  throw new WikiferryError(
    "CUTOVER_FENCE_LIFTED",
    `${server.side} is not read-only right after it was made so`,
    "Something else sets read_only there: find it (an orchestrator, a cron job), then run again",
  );
}

/** Makes a server that should be passive refuse writes. @throws `CTRL_REFUSED` when its record names it */
export async function close(server: Server, appUser: string): Promise<void> {
  await runGuarded(await server.sessionWithoutBinlog(), closeStatement(server.side), []);
  await killSessions(server, appUser);
}

/** Opens the primary. `holder` gives up its fence there. @throws `CTRL_REFUSED` when its record names the other side */
export async function open(server: Server, holder: string): Promise<void> {
  await runGuarded(await server.sessionWithoutBinlog(), openStatement(server.side), [holder]);
}

/**
 * Opens the new primary as soon as it has applied `gtid`, in one statement.
 * @returns Whether it had within `timeoutMs`. If not, nothing was changed.
 * @throws `CTRL_REFUSED`
 */
export async function openWhenApplied(
  { side }: Server,
  session: Session,
  wanted: { gtid: string; timeoutMs: number; holder: string },
): Promise<boolean> {
  const values = [wanted.gtid, wanted.timeoutMs / 1000, wanted.holder];
  const [rows] = await runGuarded(session, openWhenAppliedStatement(side), values);
  return String(rows?.[0]?.reached) === "0";
}

/** Unlocks the wiki's accounts if they are locked. */
export async function admit(server: Server, appUser: string): Promise<void> {
  if (await accountsLocked(server, appUser)) await unlockAccounts(server, appUser);
}

/**
 * Checks that a reopened primary takes writes: it is not read-only, the accounts are unlocked, and a row can be
 * written. That row is in a table of this server's own and does not enter the binary log, so it creates no transaction
 * that the other side lacks.
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
