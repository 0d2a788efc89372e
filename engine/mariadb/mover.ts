import { WikiferryError } from "../errors";
import type { Finding } from "../finding";
import { otherSide, type Side } from "../move";
import type { Mover } from "../mover";
import { deriveSecret } from "../secrets";
import { dropReplicationAccount, ensureReplicationAccount, killWriters } from "./accounts/accounts";
import { adopt } from "./adopt/adopt";
import { findListening } from "./adopt/listening";
import { commitRole, initRole } from "./control/role";
import { type CopyContext, copyDatabase } from "./copy/copy";
import { fence } from "./cutover/access";
import type { CutoverContext } from "./cutover/context";
import { recover } from "./cutover/cutover";
import { findPrimary } from "./cutover/primary";
import { RunLease } from "./cutover/runLease";
import { mariadbPreflight } from "./preflight/preflight";
import { follow, stopFollowing, waitForGtid } from "./replication/follow";
import { positions } from "./replication/status";
import { verify } from "./verify/verify";

/** What moving a database takes, on top of what a copy and a flip take. */
export interface MariadbMoverContext {
  copy: CopyContext;
  flip: CutoverContext;
  /** Whether blue's MariaDB may be restarted, and in which minute (`hh:mm` UTC; now without one). */
  adoption: { allowRestart: boolean; restartAt?: string };
  /** Free space where a side's MariaDB keeps its data, or will, in bytes. */
  freeBytes(side: Side): Promise<number>;
}

/**
 * Moves a MariaDB by copy and GTID replication. `fence` to `abort` are the parts of a flip, one by one; `cutover` is
 * the whole, with its time limits and its way back.
 */
export class MariadbMover implements Mover {
  readonly kind = "mariadb";

  constructor(private readonly ctx: MariadbMoverContext) {}

  async preflight(): Promise<Finding[]> {
    const { copy, adoption } = this.ctx;
    return await mariadbPreflight({
      blue: copy.blue,
      green: copy.green,
      spec: copy.spec,
      allowRestart: adoption.allowRestart,
      adopting: true,
      freeBytes: (side) => this.ctx.freeBytes(side),
      async listening(variables) {
        const { blue, green } = copy.spec;
        const ssh = await copy.pool.to(blue.database.ssh);
        return findListening(variables, ssh, blue.database, green.database.replication.host);
      },
    });
  }

  async prepare(): Promise<void> {
    const { copy, flip, adoption } = this.ctx;
    const place = copy.spec.blue.database;
    await adopt(copy.blue, await copy.pool.to(place.ssh), place, {
      ...adoption,
      masterSecret: copy.secrets.masterSecret,
      greenHost: copy.spec.green.database.replication.host,
      journal: flip.journal,
      report: copy.report,
    });
    await initRole(copy.blue, { wiki: copy.spec.wiki.name });
    await ensureReplicationAccount(copy.blue, deriveSecret(copy.secrets.masterSecret, "mariadb-replication"));
  }

  async copy(): Promise<void> {
    const { copy } = this.ctx;
    await copyDatabase(copy);
    // Blue follows green by it, once green is the primary.
    await ensureReplicationAccount(
      copy.green,
      deriveSecret(copy.secrets.masterSecret, "mariadb-replication"),
    );
  }

  async follow(from: Side): Promise<void> {
    const { servers, replicationPassword } = this.ctx.flip;
    await follow(servers[otherSide(from)], servers[from], replicationPassword);
  }

  async verify(): Promise<void> {
    const { flip } = this.ctx;
    const { side } = await findPrimary(flip);
    const { verify: wanted, wiki } = this.ctx.copy.spec;
    await verify(flip.servers[side], flip.servers[otherSide(side)], flip.database, {
      ...wanted,
      tablePrefix: wiki.tablePrefix,
      report: flip.report,
    });
  }

  /** Ends by itself with the lease that it takes, unless `promote` comes before. */
  async fence(side: Side): Promise<void> {
    const { flip } = this.ctx;
    const { epoch } = await findPrimary(flip);
    const lease = await RunLease.take(flip, [side, otherSide(side)], `fence ${side}`);
    await lease.fix(`fence ${side}`, epoch + 1);
    const hand = await flip.servers[side].open({ unlogged: true });
    try {
      await fence(flip.servers[side], hand, flip.holder);
      await killWriters(flip.servers[side], flip.appUser);
    } finally {
      await hand.close();
    }
  }

  async catchUp(from: Side, to: Side): Promise<void> {
    const { servers, limits } = this.ctx.flip;
    const gtid = (await positions(servers[from])).binlog;
    if (await waitForGtid(servers[to], gtid, limits.catchUpMs)) return;
    throw new WikiferryError(
      "CUTOVER_CATCH_UP",
      `${to} has not applied ${gtid} within ${limits.catchUpMs} ms`,
      `See what keeps ${to} back (npm run status), then run again`,
    );
  }

  /** @throws `CUTOVER_NOT_FENCED` when the other side still takes writes */
  async promote(side: Side): Promise<void> {
    const { flip } = this.ctx;
    const { side: primary, epoch } = await findPrimary(flip);
    if (primary !== side) {
      const old = flip.servers[primary];
      if ((await old.value("SELECT @@GLOBAL.read_only")) === "0") {
        throw new WikiferryError(
          "CUTOVER_NOT_FENCED",
          `${primary} still takes writes, so ${side} can't be made the primary`,
          `Fence ${primary} and let ${side} catch up first`,
        );
      }
      const lease = await RunLease.take(flip, [primary, side], `promote ${side}`);
      try {
        await lease.fix(`promote ${side}`, epoch + 1);
        const position = (await old.value("SELECT @@GLOBAL.gtid_binlog_pos")) ?? "";
        await commitRole(old, { to: side, epoch, leaseHolder: flip.holder, position });
      } finally {
        await lease.release();
      }
    }
    await recover(flip);
  }

  async reverse(from: Side, to: Side): Promise<void> {
    const { servers, replicationPassword } = this.ctx.flip;
    await follow(servers[from], servers[to], replicationPassword);
  }

  /** @throws `CUTOVER_COMMITTED` when it is too late */
  async abort(from: Side, to: Side): Promise<void> {
    const { side } = await findPrimary(this.ctx.flip);
    if (side !== from) {
      throw new WikiferryError(
        "CUTOVER_COMMITTED",
        `${to} is the primary already, so there is nothing to undo`,
        `To go back, set active to ${from} and run \`pulumi up\``,
      );
    }
    await recover(this.ctx.flip);
  }

  async retire(): Promise<void> {
    const { servers } = this.ctx.flip;
    const { side } = await findPrimary(this.ctx.flip);
    await stopFollowing(servers[otherSide(side)]);
    await dropReplicationAccount(servers.blue);
    await dropReplicationAccount(servers.green);
  }
}
