import { integer, section } from "../common/config/schema";

const day = 86_400_000;

/** Settings that hardly anyone changes. */
export const tuning = section("Settings that hardly anyone changes.", {
  database: section("Both MariaDB servers.", {
    blueServerId: integer("server_id to give to blue where it has none of its own.", 1, 4294967295).default(
      1,
    ),
    greenServerId: integer("server_id of green.", 1, 4294967295).default(2),
    maxConnections: integer("max_connections of green.", 10, 100000).default(200),
    longQuerySeconds: integer("long_query_time of green's slow log.", 0, 3600, "seconds").default(1),
  }),
  web: section("Green's web server.", {
    startSeconds: integer(
      "How long a new MediaWiki may take to become healthy. One that takes longer has failed, and the old one keeps serving.",
      10,
      3600,
      "seconds",
    ).default(180),
  }),
  gate: section("The gate.", {
    adminPort: integer("Port of HAProxy's runtime API, on loopback.", 1, 65535).default(9999),
    holdMs: integer(
      "How long a held write waits before it is answered with 503.",
      1000,
      60_000,
      "milliseconds",
    ).default(15_000),
    maxConnectionsPerAddress: integer(
      "Maximum number of open connections of one client address (an IPv4 address or an IPv6 /64).",
      10,
      100_000,
    ).default(200),
  }),
  verify: section("The comparison of both databases.", {
    sessions: integer(
      "Parallel sessions on each database. Fewer put less load on a busy one.",
      1,
      16,
    ).default(4),
    pauseMs: integer(
      "How long writes may wait, before a flip is committed, for the comparison of the most recent changes. If that is too short, the flip is made and reports how far the comparison got.",
      1,
      2_000,
      "milliseconds",
    ).default(20),
  }),
  cutover: section("The steps of a flip.", {
    drainMs: integer("How long requests in flight may take to finish.", 100, 10_000, "milliseconds").default(
      2_000,
    ),
    catchUpMs: integer(
      "How long the new primary may take to apply the last transactions.",
      500,
      10_000,
      "milliseconds",
    ).default(5_000),
    attemptMs: integer(
      "Bound of an attempt from the hold on; then it is undone. A lease of that length and the event that comes round each second keep a wiki whose tool died below 10 s without a primary.",
      2_000,
      8_000,
      "milliseconds",
    ).default(8_000),
    longTransactionMs: integer(
      "Longest transaction on the primary that a flip tolerates.",
      100,
      3_600_000,
      "milliseconds",
    ).default(5_000),
    verificationMaxAgeMs: integer(
      "A verification older than this is stale.",
      60_000,
      30 * day,
      "milliseconds",
    ).default(day),
  }),
});
