import { stopFollowing } from "../replication/follow";
import type { Server } from "../server";
import type { CopyContext } from "./context";
import { sweepPlace } from "./physical/place";
import { copyState } from "./state";

/** Which of the tables named `wikiferry.…` are there: an earlier version's schema may lack some. */
async function tablesOf(server: Server): Promise<Set<string>> {
  const rows = await server.rows<{ name: string }>(
    "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'wikiferry'",
  );
  return new Set(rows.map(({ name }) => name));
}

/**
 * Makes green forget that it has a copy, whole or half: the next one begins at its first row. What is copied stays
 * until then, closed, and follows nobody. Comparisons of it count no longer, on either side. May be done again.
 */
export async function forgetCopy(
  ctx: Pick<CopyContext, "spec" | "pool" | "green" | "blue" | "secrets" | "report">,
): Promise<void> {
  const { green, blue } = ctx;
  await stopFollowing(green);
  await forgetComparisons(green);
  const tables = await tablesOf(green);
  const own = await green.unlogged();
  // The record first: whoever finds ranges without it begins anew as well.
  if (tables.has("checkpoint")) await own.run("DELETE FROM wikiferry.checkpoint WHERE name = 'copy'");
  if (tables.has("copy_range")) await own.run("DELETE FROM wikiferry.copy_range");
  await sweepPlace(ctx);
  await forgetComparisons(blue);
}

async function forgetComparisons(server: Server): Promise<void> {
  if ((await tablesOf(server)).has("verification"))
    await (await server.unlogged()).run("DELETE FROM wikiferry.verification");
}

/** How a copy is told in a few words. Never writes. */
export async function describeCopy(green: Server): Promise<string> {
  const state = await copyState(green);
  if (state.state === "copied") return `a whole copy, as of ${state.gtid}`;
  return state.state === "none" ? "no copy" : "a copy that has not ended";
}
