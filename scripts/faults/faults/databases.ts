import mysql from "mysql2/promise";
import type { Side } from "../../../engine/move";
import {
  ensureReplicationAccount,
  nativePasswordHash,
} from "../../../engine/movers/mariadb/accounts/accounts";
import { replicationUser } from "../../../engine/movers/mariadb/replication/follow";
import { issueCertificate } from "../../../engine/movers/mariadb/tls/certificates";
import type { Fault, Stage } from "../stage";
import { copyAnew } from "../world/mend";

const longAgo = new Date("2020-01-01T00:00:00Z");

/** A session that locks a table and does nothing else. */
async function lockTable(
  stage: Stage,
  side: Side,
  table: string,
  how: "READ" | "WRITE",
): Promise<() => Promise<void>> {
  const session = await stage.world.servers[side].open();
  await session.run("SET SESSION sql_log_bin = 0, lock_wait_timeout = 2");
  // The server may be in the middle of something and refuse the lock.
  await session
    .run(`LOCK TABLES ??.?? ${how}`, [stage.world.pair.database, table])
    .catch((error: unknown) => stage.note(`no lock: ${error}`));
  return () => session.close();
}

/** One more write, by the wiki's account or a stranger's. */
async function insert(stage: Stage, side: Side, token: string): Promise<void> {
  await stage.world.servers[side].run("INSERT INTO ??.entry (token, side) VALUES (?, ?)", [
    stage.world.pair.database,
    token,
    side,
  ]);
}

async function setPasswords({ world }: Stage): Promise<void> {
  for (const server of Object.values(world.servers))
    await ensureReplicationAccount(server, world.pair.replicationPassword);
}

/** Faults of the databases. */
export const databaseFaults: Fault[] = [
  {
    name: "lag",
    about: "a table lock on the replica holds up what it applies",
    part: "before the commit",
    lasts: [300, 4_500],
    strike: async (stage) => {
      stage.hinder("stream");
      return lockTable(stage, stage.to, "entry", "READ");
    },
  },
  {
    name: "long transaction under the fence",
    about: "the wiki's own, with changes, idle; its commit is tried later",
    part: "before the commit",
    lasts: [200, 2_500],
    strike: async (stage) => {
      const { pair, clients } = stage.world;
      const id = stage.token("long");
      const sentAt = performance.now();
      const connection = await mysql.createConnection({
        host: pair.addresses[stage.from],
        user: "wikiuser",
        password: pair.secrets.appPassword,
        database: pair.database,
        connectTimeout: 2_000,
      });
      connection.on("error", () => {});
      const begun = await connection
        .query("START TRANSACTION")
        .then(() => connection.query("INSERT INTO entry (token, side) VALUES (?, ?)", [id, stage.from]))
        .then(
          () => true,
          () => false,
        );
      stage.note(begun ? "a long transaction has begun" : "a long transaction was refused");
      return async () => {
        const committed = await connection.query("COMMIT").then(
          () => begun,
          () => false,
        );
        stage.note(`its commit was ${committed ? "acknowledged" : "refused"}`);
        if (committed) clients.add({ id, sentAt, endedAt: performance.now(), by: stage.from });
        connection.destroy();
      };
    },
  },
  {
    name: "privileged write after the fence",
    about: "an administrator writes on the fenced primary; it is acknowledged, so it must not be lost",
    part: "while fenced",
    onlyBetween: true,
    strike: async (stage) => {
      const id = stage.token("admin");
      const sentAt = performance.now();
      await insert(stage, stage.from, id);
      stage.world.clients.add({ id, sentAt, endedAt: performance.now(), by: stage.from });
      return undefined;
    },
  },
  {
    name: "stray write on the replica",
    about: "an administrator writes on the side that is not the primary",
    part: "before the commit",
    onlyBetween: true,
    strike: async (stage) => {
      await insert(stage, stage.to, stage.token("stray"));
      return undefined;
    },
    remedy: (stage) => copyAnew(stage.world),
  },
  {
    name: "idle table lock",
    about: "LOCK TABLES on the old primary by a session that sleeps",
    part: "before the commit",
    lasts: [300, 4_000],
    strike: (stage) => lockTable(stage, stage.from, "elsewhere", "WRITE"),
  },
  {
    name: "wrong password",
    about: "the replication account's password differs on the new primary, or on the old one",
    part: "the attempt",
    strike: async (stage) => {
      const side = stage.plan.random.pick([stage.from, stage.to]);
      stage.note(`wrong password on ${side}`);
      const own = await stage.world.servers[side].sessionWithoutBinlog();
      await own.run("ALTER USER ?@'%' IDENTIFIED BY PASSWORD ?", [
        replicationUser,
        nativePasswordHash("wrong"),
      ]);
      return undefined;
    },
    remedy: setPasswords,
    tidy: setPasswords,
  },
  {
    name: "expired certificate",
    about: "the new primary shows one that has run out",
    part: "the attempt",
    lasts: [500, 3_000],
    strike: async (stage) => {
      const { servers, hosts, pair } = stage.world;
      const server = servers[stage.to];
      const host = hosts[stage.to];
      const path = (await server.value("SELECT @@GLOBAL.ssl_cert")) ?? "";
      const good = await host.readFile(path);
      const expired = await issueCertificate(
        pair.secrets.masterSecret,
        stage.to,
        [`${stage.to}-db`],
        longAgo,
      );
      await host.writeFile(path, expired.cert);
      await (await server.sessionWithoutBinlog()).run("FLUSH SSL");
      return async () => {
        await host.writeFile(path, good);
        await (await server.sessionWithoutBinlog()).run("FLUSH SSL");
      };
    },
  },
  {
    name: "replication stopped",
    about: "somebody stops one thread or both of the replica",
    part: "all of it",
    strike: async (stage) => {
      const threads = stage.plan.random.pick(["STOP SLAVE", "STOP SLAVE SQL_THREAD", "STOP SLAVE IO_THREAD"]);
      stage.note(threads);
      stage.hinder("stream", "the tool runs again");
      await (await stage.world.servers[stage.to].sessionWithoutBinlog()).run(threads);
      return undefined;
    },
  },
];
