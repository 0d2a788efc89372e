import { block, type Finding, pass, warn } from "../../../../finding";
import type { Row, Server, SourceServer } from "../../../../runtime/mariadb/server";
import { replicationUser } from "../../replication/follow";
import { distance, errant, newest } from "../../replication/gtid";
import { type Positions, parseReplicationStatus, positions } from "../../replication/status";
import { type Guardrail, list } from "./guardrail";

/** How one server takes part in replication. */
export interface Streams {
  serverId: number;
  /** Rows of `SHOW ALL SLAVES STATUS`. */
  sources: Row[];
  /** Who follows it, by `SHOW SLAVE HOSTS`. */
  followers: { serverId: number; host: string }[];
}

/** The replica follows the primary and nobody else, completely and without errors, and nobody else follows. */
export const stream: Guardrail = async ({ primary, replica }) => {
  const [here, there] = await Promise.all([readStreams(primary), readStreams(replica)]);
  // The replica first: what the primary gets in between is not an error.
  const applied = await positions(replica);
  const written = await positions(primary);
  return [
    running(there, primary, replica),
    directness(there, here, primary, replica),
    wholeness(there, replica),
    otherSources(here, there, primary, replica),
    otherFollowers(here, there, primary, replica),
    errantTransaction(written, applied, primary, replica),
    closeness(written, applied, replica),
  ];
};

async function readStreams(server: Server): Promise<Streams> {
  const followers = await server.rows<{ Server_id: number | string; Host: string }>("SHOW SLAVE HOSTS");
  return {
    serverId: Number(await server.value("SELECT @@GLOBAL.server_id")),
    sources: await server.rows("SHOW ALL SLAVES STATUS"),
    followers: followers.map((row) => ({ serverId: Number(row.Server_id), host: row.Host })),
  };
}

function ownSource({ sources }: Streams): Row | undefined {
  return sources.find((row) => !row.Connection_name);
}

function running(there: Streams, primary: Server, replica: Server): Finding {
  const row = ownSource(there);
  const status = row && parseReplicationStatus(row);
  if (status?.io === "yes" && status.sql)
    return pass("REPL_STOPPED", `${replica.side} follows ${primary.side}, both threads run`);
  const reason = status
    ? status.sqlError.message || status.ioError.message || "a thread is stopped"
    : "it follows nobody";
  return block(
    status?.cause ?? "REPL_STOPPED",
    `${replica.side} does not follow ${primary.side} (${reason})`,
    "Run `pulumi up --refresh`, which makes it follow again or says why it can't",
  );
}

/** Directly from the primary, by GTID, over TLS with a checked certificate, without a delay or a stop position. */
function directness(there: Streams, here: Streams, primary: SourceServer, replica: Server): Finding {
  const row = ownSource(there);
  const again = "Run `pulumi up --refresh`: it sets the stream up as it should be";
  if (!row) return block("REPL_SOURCE", `${replica.side} has no source`, again);
  const status = parseReplicationStatus(row);
  const wanted = primary.place.replication;
  if (
    status.sourceHost !== wanted.host ||
    status.sourcePort !== wanted.port ||
    status.sourceUser !== replicationUser ||
    (status.io === "yes" && Number(row.Master_Server_Id) !== here.serverId)
  ) {
    return block(
      "REPL_SOURCE",
      `${replica.side} follows ${status.sourceUser}@${status.sourceHost}:${status.sourcePort}, server ${row.Master_Server_Id}, wanted ${replicationUser}@${wanted.host}:${wanted.port}, server ${here.serverId}`,
      `${again}; a server in between could hold transactions that no check sees`,
    );
  }
  if (status.usingGtid !== "Slave_Pos" || status.until !== "None")
    return block(
      "REPL_GTID",
      `${replica.side} follows with MASTER_USE_GTID = ${status.usingGtid}, UNTIL ${status.until}; wanted Slave_Pos and None`,
      again,
    );
  if (!status.tls || !status.verifiesCertificate)
    return block(
      "REPL_TLS",
      `${replica.side} follows ${primary.side} without TLS or without checking its certificate`,
      again,
    );
  if (Number(row.SQL_Delay) > 0)
    return block(
      "REPL_DELAYED",
      `${replica.side} is configured to stay ${row.SQL_Delay} s behind (MASTER_DELAY)`,
      `STOP SLAVE; CHANGE MASTER TO MASTER_DELAY = 0; START SLAVE on ${replica.side}`,
    );
  return pass("REPL_SOURCE", `${replica.side} follows ${primary.side} itself, by GTID over TLS`);
}

/** The replica applies the whole stream. */
function wholeness(there: Streams, replica: Server): Finding {
  const row = ownSource(there);
  const filters = row ? parseReplicationStatus(row).filters : [];
  if (filters.length === 0) return pass("REPL_FILTERED", `${replica.side} applies the whole stream`);
  return block(
    "REPL_FILTERED",
    `${replica.side} leaves out a part of the stream (${filters.join(", ")})`,
    `Take the filters out of ${replica.side}'s settings, and copy again (npm run copy:again): what they left out is missing`,
  );
}

/** A third server's transactions would keep arriving after the flip, on a side that nobody fenced against them. */
function otherSources(here: Streams, there: Streams, primary: Server, replica: SourceServer): Finding {
  const back = ownSource(here);
  const { host, port } = replica.place.replication;
  if (back?.Master_Host === host && Number(back.Master_Port) === port)
    return block(
      "REPL_RING",
      `${primary.side} is the primary and follows ${replica.side}`,
      "An attempt of a flip left it so: run `pulumi up`, which ends it",
    );
  const foreign = [
    ...here.sources.map((row) => ({ server: primary, row })),
    ...there.sources.filter((row) => row.Connection_name).map((row) => ({ server: replica, row })),
  ];
  if (foreign.length === 0) return pass("REPL_OTHER_SOURCE", "neither side follows a third server");
  return block(
    "REPL_OTHER_SOURCE",
    foreign
      .map(
        ({ server, row }) =>
          `${server.side} follows ${row.Master_Host}:${row.Master_Port}${row.Connection_name ? ` (connection ${row.Connection_name})` : ""}`,
      )
      .join(", "),
    "STOP SLAVE and RESET SLAVE ALL for that connection there, or take its source into the move first",
  );
}

function otherFollowers(here: Streams, there: Streams, primary: Server, replica: Server): Finding {
  const own = [here.serverId, there.serverId];
  const strangers = [
    ...here.followers.map((follower) => ({ side: primary.side, ...follower })),
    ...there.followers.map((follower) => ({ side: replica.side, ...follower })),
  ].filter(({ serverId }) => !own.includes(serverId));
  if (strangers.length === 0) return pass("REPL_OTHER_REPLICA", "no third server follows either side");
  return warn(
    "REPL_OTHER_REPLICA",
    list(
      strangers.map(
        ({ side, serverId, host }) => `server ${serverId}${host ? ` (${host})` : ""} follows ${side}`,
      ),
    ),
    "After the flip it gets the edits through that side only. Let it follow the new primary afterwards; it is not part of the move",
  );
}

function errantTransaction(here: Positions, there: Positions, primary: Server, replica: Server): Finding {
  const stray = errant(newest(here.binlog, here.applied), there.binlog);
  if (stray === undefined)
    return pass("REPL_ERRANT_GTID", `${replica.side} has no transaction of its own (${there.binlog})`);
  return block(
    "REPL_ERRANT_GTID",
    `${replica.side} has transactions up to ${stray} that ${primary.side} (${here.binlog}) does not have`,
    `Something wrote on ${replica.side}: find it in its binary log, apply it on the other side by hand, and copy again (npm run copy:again)`,
  );
}

/** More than a busy wiki writes within any lag that a flip would wait for. */
const farBehind = 1_000n;

/** A count only. The lag itself is measured, and waited for, right before the flip. */
function closeness(here: Positions, there: Positions, replica: Server): Finding {
  const behind = distance(newest(there.applied, there.binlog), here.binlog);
  if (behind <= farBehind) return pass("PRIMARY_LAG", `${replica.side} is ${behind} transactions behind`);
  return warn(
    "PRIMARY_LAG",
    `${replica.side} is about ${behind} transactions behind`,
    "Wait until it has caught up: a flip waits for at most cutover.lagWaitMs, and is refused then",
  );
}
