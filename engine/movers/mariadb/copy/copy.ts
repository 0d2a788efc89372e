import { writeCheckpoint } from "../../../control/mariadb/checkpoint";
import { initRole, type Role, readRole } from "../../../control/mariadb/role";
import { ensureControlSchema } from "../../../control/mariadb/schema";
import { refuseTwoPrimaries } from "../../../control/primary";
import { WikiferryError } from "../../../errors";
import type { Server } from "../../../runtime/mariadb/server";
import { ownSchemas } from "../neighbours";
import { stopFollowing } from "../replication/follow";
import { chooseMethod } from "./choose";
import type { CopyContext } from "./context";
import { forgetOld } from "./physical/swap";
import { type CopyResult, copyCheckpoint, copyState } from "./state";

/**
 * Copies blue's database to green, once, by the method that the config names or that fits. Green then stands at the
 * copy's position and can follow. A copy that ended early continues; a finished one is left alone.
 * @throws `COPY_DIRECTION`, `GREEN_NOT_EMPTY`, and what the method throws
 */
export async function copyDatabase(ctx: CopyContext): Promise<CopyResult> {
  const { blue, green, report } = ctx;
  const before = await copyState(green);
  if (before.state === "copied") {
    await forgetOld(ctx);
    return resultOf(before);
  }
  // It only reads, on both sides and their hosts.
  const choosing = chooseMethod(ctx);
  choosing.catch(() => {});
  const blueRole = await mayClaim(ctx);
  const method = await choosing;
  const claimed = claimGreen(ctx, blueRole);
  claimed.catch(() => {});
  const result = resultOf(await method.copy(ctx, claimed));
  await writeCheckpoint(green, copyCheckpoint, { state: "copied", gtid: result.gtid, detail: { ...result } });
  report({ step: "copy", message: `${blue.side}'s database is on green, at ${result.gtid}`, percent: 100 });
  return result;
}

function resultOf({ gtid, bytes, rows, copyMs, parts, converged }: CopyResult): CopyResult {
  return { gtid, bytes, rows, copyMs, parts, converged };
}

/** Refuses a green that must not be overwritten. Returns blue's role record. Never writes. */
async function mayClaim({ blue, green, spec }: CopyContext): Promise<Role> {
  const [blueRole, greenRole] = await Promise.all([readRole(blue), readRole(green)]);
  refuseTwoPrimaries({ blue: blueRole, green: greenRole });
  if (blueRole?.role !== "blue") {
    throw new WikiferryError(
      "COPY_DIRECTION",
      `blue's role record says ${blueRole ? `${blueRole.role} is the primary` : "nothing"}, wanted blue`,
      blueRole
        ? "Green is never overwritten while it is the primary: set active to blue first"
        : "Adopt blue first with `pulumi up` in phase sync",
    );
  }
  const stranger = await foreignDatabases(green, spec.wiki.name);
  if (stranger.length > 0) throw greenNotEmpty(stranger);
  refusePrimary(greenRole);
  return blueRole;
}

/** Marks green as belonging to this move, and lets it follow nobody. */
async function claimGreen({ green }: CopyContext, blueRole: Role): Promise<void> {
  await ensureControlSchema(green);
  refusePrimary(await initRole(green, blueRole));
  await stopFollowing(green);
}

function refusePrimary(greenRole: Role | undefined): void {
  if (!greenRole || greenRole.role === "blue") return;
  throw new WikiferryError(
    "COPY_DIRECTION",
    `green's role record says ${greenRole.role} is the primary, wanted blue`,
    "Green is never overwritten while it is the primary: set active to blue first",
  );
}

export function greenNotEmpty(databases: readonly string[]): WikiferryError {
  return new WikiferryError(
    "GREEN_NOT_EMPTY",
    `green's MariaDB holds tables in ${databases.join(", ")} that do not belong to this move`,
    "Give green an empty server. Foreign data is never overwritten",
  );
}

/** Databases with tables on a green that has no record of this wiki's move. Never writes. */
export async function foreignDatabases(green: Server, wiki: string): Promise<string[]> {
  const role = await readRole(green);
  if (role?.wiki === wiki) return [];
  const rows = await green.rows<{ name: string }>(
    "SELECT DISTINCT table_schema AS name FROM information_schema.tables WHERE table_schema NOT IN (?)",
    [ownSchemas],
  );
  const names = rows.map((row) => row.name);
  return role && names.length === 0 ? [`wikiferry (of ${role.wiki})`] : names;
}
