import type { Server } from "../../../runtime/mariadb/server";
import { stopFollowing } from "../replication/follow";
import type { CopyContext } from "./context";
import { sweepIncoming } from "./physical/incoming";
import { copyState } from "./state";

/** Which of the tables named `wikiferry.…` exist: an earlier version's schema may lack some. */
async function tablesOf(server: Server): Promise<Set<string>> {
  const rows = await server.rows<{ name: string }>(
    "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'wikiferry'",
  );
  return new Set(rows.map(({ name }) => name));
}

/**
 * Makes green forget its copy, whether complete or not, so that the next one starts at its first row. Until then the
 * copied data stays, closed, and follows nobody. Comparisons of it no longer count, on either side. Can be run again.
 */
export async function forgetCopy(
  ctx: Pick<CopyContext, "spec" | "pool" | "green" | "blue" | "secrets" | "report">,
): Promise<void> {
  const { green, blue } = ctx;
  await stopFollowing(green);
  await forgetComparisons(green);
  const tables = await tablesOf(green);
  const own = await green.sessionWithoutBinlog();
  // The record first: whoever finds ranges without it also starts over.
  if (tables.has("checkpoint")) await own.run("DELETE FROM wikiferry.checkpoint WHERE name = 'copy'");
  if (tables.has("copy_range")) await own.run("DELETE FROM wikiferry.copy_range");
  await sweepIncoming(ctx);
  await forgetComparisons(blue);
}

async function forgetComparisons(server: Server): Promise<void> {
  if ((await tablesOf(server)).has("verification"))
    await (await server.sessionWithoutBinlog()).run("DELETE FROM wikiferry.verification");
}

/** Describes a copy in a few words. Never writes. */
export async function describeCopy(green: Server): Promise<string> {
  const state = await copyState(green);
  if (state.state === "copied") return `a complete copy, as of ${state.gtid}`;
  return state.state === "none" ? "no copy" : "a copy that has not ended";
}
