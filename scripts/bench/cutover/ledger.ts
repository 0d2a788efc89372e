import { otherSide, type Side } from "../../../engine/move";
import { waitForGtid } from "../../../engine/movers/mariadb/replication/follow";
import { positions } from "../../../engine/movers/mariadb/replication/status";
import type { Server } from "../../../engine/runtime/mariadb/server";
import { amiss } from "./figures";
import type { Lab } from "./lab";
import { type EditRecord, failuresOf, type LoadRecords } from "./load/records";

/** Everything that was acknowledged and refused in one series of flips, compared with what the databases hold. */
export class Ledger {
  private readonly acknowledgedIds: number[] = [];
  private readonly lostIds = new Set<number>();
  readonly failures: Record<string, number> = {};
  failedRequests = 0;
  editMaxWaitMs = 0;

  get acknowledged(): number {
    return this.acknowledgedIds.length;
  }

  /** Acknowledged writes that were missing or doubled in any comparison. */
  get lost(): number {
    return this.lostIds.size;
  }

  enter(records: LoadRecords): void {
    for (const { id, startedAt, endedAt } of records.edits) {
      this.acknowledgedIds.push(id);
      this.editMaxWaitMs = Math.max(this.editMaxWaitMs, Math.round((endedAt - startedAt) * 10) / 10);
    }
    for (const [what, n] of Object.entries(records.failures))
      this.failures[what] = (this.failures[what] ?? 0) + n;
    this.failedRequests += failuresOf(records);
  }

  /** Looks for some writes on the serving side while it keeps serving. */
  async check(lab: Lab, serving: Side, edits: readonly EditRecord[]): Promise<void> {
    await this.compare(
      lab.pair[serving],
      lab.pair.database,
      edits.map((edit) => edit.id),
    );
  }

  /** Looks for every write on both sides, once clients pause and the passive side has applied everything. */
  async checkAll(lab: Lab, serving: Side): Promise<void> {
    const passive = lab.pair[otherSide(serving)];
    const end = (await positions(lab.pair[serving])).binlog;
    if (!(await waitForGtid(passive, end, 20_000)))
      throw new Error(`${passive.side} did not apply ${end} within 20 s`);
    for (const server of [lab.pair[serving], passive])
      await this.compare(server, lab.pair.database, this.acknowledgedIds);
  }

  private async compare(server: Server, database: string, ids: readonly number[]): Promise<void> {
    if (ids.length === 0) return;
    const [first, last] = [ids.reduce((a, b) => Math.min(a, b)), ids.reduce((a, b) => Math.max(a, b))];
    const rows = await server.rows<{ token: number }>(
      "SELECT token FROM ??.edit WHERE token BETWEEN ? AND ?",
      [database, first, last],
    );
    const found = rows.map((row) => Number(row.token));
    for (const id of amiss(ids, found)) this.lostIds.add(id);
  }
}
