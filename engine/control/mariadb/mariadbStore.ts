import type { Server } from "../../runtime/mariadb/server";
import {
  type CheckpointStore,
  type ControlStore,
  commitRefused,
  type LeaseStore,
  type RoleRecord,
  type RoleStore,
} from "../store";
import { readCheckpoint, writeCheckpoint } from "./checkpoint";
import { Journal, readJournal } from "./journal";
import { readLease, releaseLease, renewLease, tryLease } from "./lease";
import { commitRole, initRole, type Role, readRole } from "./role";

/** The control store in the schema `wikiferry` of one server, which must be there for all but `role.read`. */
export function mariadbStore(server: Server): ControlStore {
  return {
    lease: leaseOn(server),
    role: roleOn(server),
    checkpoints: checkpointsOn(server),
    journal: {
      append: (entry) => new Journal(server).append(entry),
      read: () => readJournal(server),
    },
  };
}

export function leaseOn(server: Server): LeaseStore {
  return {
    read: () => readLease(server),
    take: (wish) => tryLease(server, wish),
    renew: (holder, durationMs, aim) => renewLease(server, holder, durationMs, aim),
    release: (holder) => releaseLease(server, holder),
  };
}

function roleOn(server: Server): RoleStore {
  return {
    async read() {
      const role = await readRole(server);
      return role && recordOf(role);
    },
    async init({ name, role }) {
      return recordOf(await initRole(server, { wiki: name, role }));
    },
    /** A record is changed on the side that it names. A flip, which fences before, asks for the fence's position too. */
    async commit(expected, { role, holder }) {
      const { epoch } = expected;
      if (expected.role !== server.side)
        throw commitRefused(server.side, { role, epoch, holder }, await readRole(server));
      const position = (await server.value("SELECT @@GLOBAL.gtid_binlog_pos")) ?? "";
      await commitRole(server, { to: role, epoch, leaseHolder: holder, position });
      return recordOf((await readRole(server)) as Role);
    },
  };
}

function recordOf({ role, epoch, wiki, changedAt }: Role): RoleRecord {
  return { role, epoch, name: wiki, changedAt: changedAt.slice(0, -3) };
}

function checkpointsOn(server: Server): CheckpointStore {
  return {
    async get(name) {
      const found = await readCheckpoint(server, name);
      if (!found) return undefined;
      const { state, gtid, detail, updatedAt } = found;
      return { state, position: gtid, detail, updatedAt: updatedAt.slice(0, -3) };
    },
    set: (name, { state, position, detail }) =>
      writeCheckpoint(server, name, { state, gtid: position, detail }),
  };
}
