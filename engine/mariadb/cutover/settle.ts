import { messageOf, WikiferryError } from "../../errors";
import { otherSide, type Side } from "../../move";
import { accountsLocked } from "../accounts/accounts";
import { follow, isFollowing, stopFollowing, waitForGtid } from "../replication/follow";
import { measureLagMs } from "../replication/lag";
import { positions, replicationStatus } from "../replication/status";
import { admit, close, open, proveOpen } from "./access";
import { answering } from "./answering";
import type { CutoverContext } from "./context";
import { describe, type Mending, type Standing, settlement } from "./settlement";

/** How long a write on the new primary may take to arrive on the old one, in milliseconds. */
const canaryMs = 5_000;
/** How long the passive side may take until it follows, in milliseconds. */
const followMs = 15_000;
/** How long MediaWiki may take to see that its database is open again; it remembers "read-only" for 8 s. */
const writableMs = 12_000;

/** What was found amiss and mended, in order; empty if all held. */
export interface Settled {
  mended: string[];
  /** Why the passive side could not be brought along; undefined when it was. */
  passiveFailure: Error | undefined;
}

/**
 * Brings about the world in which `active` is the primary, databases first, then the gate, then the rest. Safe to
 * repeat and to break off anywhere. The active side is opened even if the other gives no answer.
 * @param options.seeArrival Whether to wait for a write on the active side to arrive on the other; not when an
 *   attempt is undone, perhaps because just that does not work. Defaults to true.
 */
export async function settle(
  ctx: CutoverContext,
  active: Side,
  options: { seeArrival?: boolean } = {},
): Promise<Settled> {
  const passive = otherSide(active);
  const here = ctx.servers[active];
  const there = ctx.servers[passive];
  let passiveFailure: Error | undefined;
  const [standing, other] = await Promise.all([
    answering(active, readStanding(ctx, active)),
    answering(passive, readStanding(ctx, passive)).catch((error: unknown) => {
      passiveFailure = error instanceof Error ? error : new Error(String(error));
      return undefined;
    }),
  ]);
  const plan = settlement(standing, other);
  const mended: string[] = [];
  const mend = async (mending: Mending, work: () => Promise<unknown>) => {
    if (!plan.includes(mending)) return;
    const words = describe(mending, active, passive);
    ctx.report({ step: "settle", message: words });
    await work();
    mended.push(words);
  };

  try {
    await mend("close the passive side", () => close(there, ctx.appUser));
    await mend("apply the rest", () => applyRest(ctx, active));
    await mend("admit the wiki", () => admit(here, ctx.appUser));
    await mend("open the active side", () => open(here));
    if (mended.length > 0) await proveOpen(here, ctx.appUser);
    await ctx.surroundings.route(active);
    if (standing.readOnly) await ctx.surroundings.awaitWritable(active, writableMs);
  } finally {
    // Writes that fail visibly are better than writes held for ever.
    await ctx.surroundings.release();
  }
  // From here on the wiki is served: what the passive side can't do is told, and keeps nothing else from being done.
  const bring = async (mending: Mending, work: () => Promise<unknown>, timeoutMs?: number) => {
    try {
      await mend(mending, () => answering(passive, work(), timeoutMs));
    } catch (error) {
      passiveFailure ??= error instanceof Error ? error : new Error(String(error));
    }
  };
  await bring("follow the active side", () => follow(there, here, ctx.replicationPassword), followMs);
  if (options.seeArrival ?? true)
    await bring("see a write arrive", () => proveArrival(ctx, active), canaryMs + 2_000);
  await mend("stop following", () => stopFollowing(here));
  await bring("admit readers to the passive side", () => admit(there, ctx.appUser));
  await ctx.surroundings.resume(active);
  return { mended, passiveFailure };
}

async function readStanding(ctx: CutoverContext, side: Side): Promise<Standing> {
  const server = ctx.servers[side];
  const status = await replicationStatus(server);
  return {
    readOnly: (await server.value("SELECT @@GLOBAL.read_only")) !== "0",
    locked: await accountsLocked(server, ctx.appUser),
    hasSource: status !== undefined,
    follows: isFollowing(status, ctx.servers[otherSide(side)].place.replication),
    positions: await positions(server),
  };
}

/** Lets `active` apply what the passive side committed, its last transaction being the commit that named `active`. */
async function applyRest(ctx: CutoverContext, active: Side): Promise<void> {
  const here = ctx.servers[active];
  const there = ctx.servers[otherSide(active)];
  await follow(here, there, ctx.replicationPassword);
  const rest = (await positions(there)).binlog;
  if (await waitForGtid(here, rest, ctx.limits.catchUpMs)) return;
  throw new WikiferryError(
    "CUTOVER_CATCH_UP",
    `${active} is to be the primary and has not applied ${rest} within ${ctx.limits.catchUpMs} ms`,
    `See why (SHOW ALL SLAVES STATUS on ${active}), then run again; it opens when it has`,
  );
}

async function proveArrival(ctx: CutoverContext, active: Side): Promise<void> {
  const passive = otherSide(active);
  const lagMs = await measureLagMs(ctx.servers[active], ctx.servers[passive], canaryMs);
  if (Number.isFinite(lagMs)) return;
  throw new WikiferryError(
    "CUTOVER_CANARY",
    `${active} is the primary; a write there has not arrived on ${passive} after ${canaryMs} ms`,
    `The wiki runs on ${active}. See why ${passive} does not follow (npm run status), then run again`,
  );
}

/** A warning where the passive side could not be brought along. */
export function describeSettled(settled: Settled): string {
  const done = settled.mended.length === 0 ? "nothing was amiss" : settled.mended.join(", ");
  return settled.passiveFailure ? `${done}; but ${messageOf(settled.passiveFailure)}` : done;
}
