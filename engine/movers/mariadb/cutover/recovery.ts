import { WikiferryError } from "../../../errors";
import { otherSide, type Side } from "../../../move";
import { withAnswerTimeout } from "../../../runtime/mariadb/answerTimeout";
import { accountsLockedQuery } from "../accounts/accounts";
import { follow, isFollowing, stopFollowing, waitForGtid } from "../replication/follow";
import { measureLagMs } from "../replication/lag";
import { positionColumns, positions, positionsOf, replicationStatusOf } from "../replication/status";
import { admit, close, open, proveOpen } from "./access";
import type { CutoverContext } from "./context";
import { applyDespiteErrant, takeOverErrant } from "./errantTransactions";
import { describe, type RecoveryStep, recoveryPlan, type Standing } from "./recoveryPlan";
import { retryWhile } from "./retryWhile";

/** How long a write on the new primary may take to arrive on the old one, in milliseconds. */
const canaryMs = 5_000;
/** How long the passive side may take until it follows, in milliseconds. */
const followMs = 15_000;
/** How long MediaWiki may take to notice that its database is open again; it remembers "read-only" for 8 s. */
const writableMs = 12_000;

/** The actions of a recovery, apart from reading. `protocol.ts` has their order and the meaning of a failure. */
export type RecoveryCommand =
  | RecoveryStep
  | "prove it open"
  | "route and release"
  | "release the hold"
  | "resume the rest";

/**
 * Brings about the state in which `active` is the primary: databases first, then the gate, then the rest. Each command
 * can be repeated, and interrupted anywhere.
 */
export class Recovery {
  /** What was found wrong and repaired, in words. */
  readonly mended: string[] = [];
  /** Why the passive side could not be brought along; undefined when it was. */
  passiveFailure: Error | undefined;
  private readonly passive: Side;
  private wasReadOnly = false;

  constructor(
    private readonly ctx: CutoverContext,
    private readonly active: Side,
  ) {
    this.passive = otherSide(active);
  }

  /**
   * What separates the present state from the wanted one. The active side must answer; the other need not, and is asked
   * first: the active side has everything that the other has received by then, so whatever else the other has is
   * foreign.
   */
  async look(): Promise<RecoveryStep[]> {
    const other = await withAnswerTimeout(this.passive, this.standing(this.passive)).catch(
      (error: unknown) => {
        this.failPassive(error);
        return undefined;
      },
    );
    const standing = await withAnswerTimeout(this.active, this.standing(this.active));
    this.wasReadOnly = standing.readOnly;
    return recoveryPlan(standing, other);
  }

  failPassive(error: unknown): void {
    this.passiveFailure ??= error instanceof Error ? error : new Error(String(error));
  }

  async perform(command: RecoveryCommand): Promise<void> {
    const { controls } = this.ctx;
    switch (command) {
      case "prove it open":
        return await proveOpen(this.ctx.servers[this.active], this.ctx.appUser);
      case "route and release":
        try {
          // Not turned earlier: a page view there would make MediaWiki remember the opposite.
          if (this.wasReadOnly) await controls.awaitWritable(this.active, writableMs);
        } finally {
          await controls.turn(this.active);
        }
        return;
      case "release the hold":
        return await controls.release();
      case "resume the rest":
        return await controls.resume(this.active);
      default: {
        const words = describe(command, this.active, this.passive);
        this.ctx.report({ step: "recover", message: words });
        await this.mend(command);
        this.mended.push(words);
      }
    }
  }

  private async mend(mending: RecoveryStep): Promise<void> {
    const { servers, appUser, holder } = this.ctx;
    const here = servers[this.active];
    const there = servers[this.passive];
    switch (mending) {
      case "close the passive side":
        return await close(there, appUser);
      case "apply the rest":
        return await this.applyRest();
      case "admit the wiki":
        return await admit(here, appUser);
      case "open the active side":
        return await open(here, holder);
      case "follow the active side":
        return await withAnswerTimeout(this.passive, this.followActive(), followMs);
      case "see a write arrive":
        return await withAnswerTimeout(this.passive, this.proveArrival(), canaryMs + 2_000);
      case "stop following":
        return await stopFollowing(here, holder);
      case "admit readers to the passive side":
        return await withAnswerTimeout(this.passive, admit(there, appUser));
    }
  }

  private async standing(side: Side): Promise<Standing> {
    const { servers, appUser } = this.ctx;
    const session = await servers[side].session();
    const [streams, facts] = await session.resultSets(
      `BEGIN NOT ATOMIC
       SHOW ALL SLAVES STATUS;
       SELECT @@GLOBAL.read_only AS closed, (${accountsLockedQuery}) AS locked, ${positionColumns};
       END`,
      [appUser],
    );
    const status = replicationStatusOf(streams ?? []);
    return {
      readOnly: String(facts?.[0]?.closed) !== "0",
      locked: String(facts?.[0]?.locked) === "1",
      hasSource: status !== undefined,
      follows: isFollowing(status, servers[otherSide(side)].place.replication),
      positions: positionsOf(facts?.[0]),
    };
  }

  /** Lets `active` apply what the passive side committed. The last transaction is the commit that named `active`. */
  private async applyRest(): Promise<void> {
    const { servers, holder, limits, replicationPassword } = this.ctx;
    const here = servers[this.active];
    const there = servers[this.passive];
    const commit = (await positions(there)).binlog;
    const stray = await applyDespiteErrant(here, commit, holder);
    if (stray !== undefined) {
      this.mended.push(`someone had written on ${this.active} (${stray}); it stays there`);
      return;
    }
    await follow(here, there, replicationPassword, {}, { leaseHolder: holder });
    const rest = (await positions(there)).binlog;
    if (await waitForGtid(here, rest, limits.catchUpMs)) return;
    throw new WikiferryError(
      "CUTOVER_CATCH_UP",
      `${this.active} is to be the primary and did not apply ${rest} within ${limits.catchUpMs} ms`,
      `See why (SHOW ALL SLAVES STATUS on ${this.active}), then run again; it opens when it has`,
    );
  }

  private async followActive(): Promise<void> {
    const { servers, holder, replicationPassword } = this.ctx;
    await this.takeOver();
    const [here, there] = [servers[this.active], servers[this.passive]];
    await follow(there, here, replicationPassword, {}, { leaseHolder: holder });
  }

  private async takeOver(): Promise<void> {
    const { servers, holder } = this.ctx;
    if (await takeOverErrant(servers[this.active], servers[this.passive], holder))
      this.mended.push(`what someone had written on ${this.active} is now on ${this.passive}, too`);
  }

  private async proveArrival(): Promise<void> {
    const { servers } = this.ctx;
    const arrival = measureLagMs(servers[this.active], servers[this.passive], canaryMs);
    if (Number.isFinite(await retryWhile(arrival, () => this.takeOver()))) return;
    throw new WikiferryError(
      "CUTOVER_CANARY",
      `${this.active} is the primary; a write there has not arrived on ${this.passive} after ${canaryMs} ms`,
      `The wiki runs on ${this.active}. See why ${this.passive} does not follow (npm run status), then run again`,
    );
  }
}
