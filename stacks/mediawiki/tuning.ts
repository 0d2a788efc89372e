import { integer, section } from "../common/config/schema";

const day = 86_400_000;

/** What nearly nobody turns. */
export const tuning = section("What nearly nobody turns.", {
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
      "How long a new MediaWiki may take until it is healthy; one that takes longer has failed, and the one before goes on serving.",
      10,
      3600,
      "seconds",
    ).default(180),
  }),
  gate: section("The gate.", {
    adminPort: integer("Port of HAProxy's runtime API, on loopback.", 1, 65535).default(9999),
    holdMs: integer(
      "How long a held write waits before it is answered 503.",
      1000,
      60_000,
      "milliseconds",
    ).default(15_000),
    maxConnectionsPerAddress: integer(
      "Most connections that one client address (an IPv4 address or an IPv6 /64) may have open.",
      10,
      100_000,
    ).default(200),
  }),
  verify: section("The comparison of both databases.", {
    sessions: integer(
      "Sessions that read each database at a time; fewer are gentler to a busy one.",
      1,
      16,
    ).default(4),
    pauseMs: integer(
      "How long writes may wait, before a flip is committed, for the comparison of what changed last. If that is too short, the flip is made and says how far the comparison came.",
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
