import type { Finding } from "../finding";
import { otherSide, type Side } from "../move";
import type { Mover } from "../mover";
import { readVariables } from "./adopt/adopt";
import { adoptionNeeded } from "./adopt/changes";
import { findListening } from "./adopt/listening";
import { copyState } from "./copy/copy";
import { findPrimary } from "./cutover/primary";
import { MariadbMover, type MariadbMoverContext } from "./mover";
import { estimate } from "./preflight/estimate";
import { isFollowing } from "./replication/follow";
import { distance } from "./replication/gtid";
import { positions, replicationStatus } from "./replication/status";
import { lastVerification } from "./verify/record";

/** Says what a `MariadbMover` would do, with sizes and times. Never writes. */
export class MariadbDryRun implements Mover {
  readonly kind = "mariadb";

  /** @param say Takes one line for people. */
  constructor(
    private readonly ctx: MariadbMoverContext,
    private readonly say: (line: string) => void,
  ) {}

  async preflight(): Promise<Finding[]> {
    return await new MariadbMover(this.ctx).preflight();
  }

  async prepare(): Promise<void> {
    const { blue, spec, pool } = this.ctx.copy;
    const place = spec.blue.database;
    const variables = await readVariables(blue);
    const greenHost = spec.green.database.replication.host;
    const listening = await findListening(variables, await pool.to(place.ssh), place, greenHost);
    const changes = adoptionNeeded(variables, place, listening);
    if (changes.length === 0) this.say("blue's MariaDB can be followed as it is");
    for (const { setting, from, to, reason, restart } of changes)
      this.say(
        `set ${setting} on blue from ${from || "-"} to ${to} (${reason})${restart ? ", by a restart" : ""}`,
      );
  }

  async copy(): Promise<void> {
    const { copy, flip } = this.ctx;
    if ((await copyState(copy.green)).state === "copied") {
      this.say("nothing to copy: green has it");
      return;
    }
    const { rows, bytes, copyMs } = await estimate(copy.blue, flip.database, {
      green: copy.green,
      copy: copy.spec.copy,
    });
    this.say(
      `copy about ${rows} rows, ${megabytes(bytes)}, from blue to green in about ${Math.ceil(copyMs / 1000)} s, while blue takes writes`,
    );
  }

  async follow(from: Side): Promise<void> {
    const to = otherSide(from);
    const { servers } = this.ctx.flip;
    const status = await replicationStatus(servers[to]);
    if (isFollowing(status, servers[from].place.replication)) {
      this.say(`${to} follows ${from} already`);
      return;
    }
    const behind = distance((await positions(servers[to])).applied, (await positions(servers[from])).binlog);
    this.say(`let ${to} follow ${from} over TLS, at most ${behind} transactions behind now`);
  }

  async verify(): Promise<void> {
    const { flip } = this.ctx;
    const { side } = await findPrimary(flip);
    const { rows, bytes } = await estimate(flip.servers[side], flip.database);
    const last = await lastVerification(flip.servers[side]);
    this.say(
      `compare about ${rows} rows, ${megabytes(bytes)}, of both sides at one GTID${last ? `; the last time took ${(last.ms / 1000).toFixed(1)} s` : ""}`,
    );
  }

  async fence(side: Side): Promise<void> {
    const { servers, appUser } = this.ctx.flip;
    const sessions = await servers[side].value(
      "SELECT COUNT(*) FROM information_schema.processlist WHERE user = ?",
      [appUser],
    );
    this.say(`make ${side} read-only, and end those of ${sessions} sessions of ${appUser} that are writing`);
  }

  async catchUp(from: Side, to: Side): Promise<void> {
    const { servers, limits } = this.ctx.flip;
    const behind = distance((await positions(servers[to])).applied, (await positions(servers[from])).binlog);
    this.say(
      `wait at most ${limits.catchUpMs / 1000} s until ${to} has applied everything; it is at most ${behind} transactions behind now`,
    );
  }

  async promote(side: Side): Promise<void> {
    const primary = await findPrimary(this.ctx.flip);
    this.say(
      primary.side === side
        ? `${side} is the primary already (epoch ${primary.epoch})`
        : `make ${side} the primary (epoch ${primary.epoch + 1})`,
    );
  }

  async reverse(from: Side, to: Side): Promise<void> {
    this.say(`let ${from} follow ${to} before ${to} takes writes`);
  }

  async abort(from: Side, to: Side): Promise<void> {
    const { side } = await findPrimary(this.ctx.flip);
    this.say(side === from ? `let ${from} take writes again` : `nothing to undo: ${to} is the primary`);
  }

  async retire(): Promise<void> {
    const { side } = await findPrimary(this.ctx.flip);
    this.say(
      `let ${otherSide(side)} stop following ${side} for good, and drop the replication account on both`,
    );
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(bytes < 10_000_000 ? 1 : 0)} MB`;
}
