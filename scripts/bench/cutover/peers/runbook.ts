import { setTimeout as sleep } from "node:timers/promises";
import { otherSide, type Side } from "../../../../engine/move";
import { contains } from "../../../../engine/movers/mariadb/replication/gtid";
import type { Lab } from "../lab";
import type { Peer } from "./peer";
import { followPlainly } from "./plainReplication";

/** Interval at which such scripts check whether the replica has caught up, in milliseconds. */
const pollMs = 500;

/**
 * A careful administrator's script: close the old primary, end the application's sessions, wait until the replica has
 * everything, promote it, let the old one follow, turn the load balancer. It uses kept connections and starts no
 * process, so it is at its best.
 */
export async function runbook(lab: Lab): Promise<Peer> {
  const { pair, gate } = lab;
  return {
    name: "runbook script",
    prepare: () => followPlainly(lab, "blue"),
    async flip(from: Side, to: Side) {
      const [old, next] = [pair[from], pair[to]];
      await old.run("SET GLOBAL read_only = 1");
      for (const { id } of await old.rows<{ id: string }>(
        "SELECT id FROM information_schema.processlist WHERE user = 'wikiuser'",
      ))
        await old.run("KILL CONNECTION ?", [Number(id)]).catch(() => {});
      const end = (await old.value("SELECT @@GLOBAL.gtid_binlog_pos")) ?? "";
      while (!contains((await next.value("SELECT @@GLOBAL.gtid_slave_pos")) ?? "", end)) await sleep(pollMs);
      await next.run("STOP SLAVE");
      await next.run("RESET SLAVE ALL");
      await next.run("SET GLOBAL read_only = 0");
      await followPlainly(lab, otherSide(from));
      await gate.set({ primary: to, views: to, canary: 0 });
    },
  };
}
