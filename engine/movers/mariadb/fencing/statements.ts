import type { Side } from "../../../move";

/*
 * Statements with which a server changes itself. Each decides and acts in one statement, by the server's own rows, so a
 * late statement from a run that was frozen or is long over can do no harm. The lock makes deciding and acting atomic:
 * without it the event could find a lease ended, be overtaken by a new lease and its fence, and open the fenced server.
 *
 * An expired lease is ended by an update of its row, which the commit's statement reads under a lock. So either the end
 * or the commit comes first, whatever the clock does later.
 */

/** Where the rows are, and what to open and close. */
export interface AccessSwitch {
  /** Schema with the tables `role`, `lease` and `watch`. */
  schema: string;
  /** 1 while it is closed. */
  closed: string;
  close: string;
  open: string;
}

/** The server's own: `read_only`. */
export const readOnlySwitch: AccessSwitch = {
  schema: "wikiferry",
  closed: "@@GLOBAL.read_only",
  close: "SET GLOBAL read_only = 1",
  open: "SET GLOBAL read_only = 0",
};

/** A lease that was ended explicitly: no clock setting revives it. */
const ended = "'2000-01-01'";
/** Seconds to wait for the rule's lock, and for the locks that block `read_only`. */
const lockSeconds = 2;

const ruleLock = (door: AccessSwitch) => `'${door.schema}.rule'`;

const isMine = (me: Side, door: AccessSwitch) =>
  `EXISTS (SELECT 1 FROM ${door.schema}.role WHERE id = 1 AND role = '${me}')`;

/** From the rows only, after `endLease`; the other conditions of `rule.ts` in SQL. */
const isFenced = (door: AccessSwitch) =>
  `EXISTS (SELECT 1 FROM ${door.schema}.lease l JOIN ${door.schema}.role r ON l.epoch > r.epoch WHERE l.id = 1 AND r.id = 1 AND l.expires_at > ${ended})`;

const endLease = (door: AccessSwitch) =>
  `UPDATE ${door.schema}.lease SET expires_at = ${ended} WHERE id = 1 AND expires_at <= SYSDATE(6) AND expires_at > ${ended}`;

/** A compound statement under the rule's lock. The session must have `sql_log_bin = 0` and UTC. */
function underTheLock(door: AccessSwitch, statements: readonly string[]): string {
  return `BEGIN NOT ATOMIC
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN DO RELEASE_LOCK(${ruleLock(door)}); RESIGNAL; END;
  SET SESSION lock_wait_timeout = ${lockSeconds}, innodb_lock_wait_timeout = ${lockSeconds};
  IF GET_LOCK(${ruleLock(door)}, ${lockSeconds}) IS NOT TRUE THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the rule lock is held by another session';
  END IF;
  ${statements.join(";\n  ")};
  DO RELEASE_LOCK(${ruleLock(door)});
END`;
}

const refuse = (why: string) => `SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '${why}'`;

/**
 * Opens server `me`. The run's own fence is given up first, so from then on its commit is refused: a server that this
 * opened can't be committed away under its writers. Value: the holder.
 */
export function openStatement(me: Side, door: AccessSwitch = readOnlySwitch): string {
  return underTheLock(door, opening(me, door));
}

/**
 * Opens server `me` once it has applied a transaction: its commit. Values: the GTID, the maximum seconds to wait, the
 * holder. Returns one row with `reached`, 0 if it opened. After a timeout nothing was changed.
 */
export function openWhenAppliedStatement(me: Side): string {
  return `BEGIN NOT ATOMIC
  DECLARE reached INT DEFAULT MASTER_GTID_WAIT(?, ?);
  SELECT reached;
  IF reached = 0 THEN
  ${openStatement(me).replace("BEGIN NOT ATOMIC", "BEGIN")};
  END IF;
END`;
}

function opening(me: Side, door: AccessSwitch): string[] {
  return [
    endLease(door),
    `UPDATE ${door.schema}.lease SET epoch = 0 WHERE id = 1 AND holder = ?`,
    `IF NOT ${isMine(me, door)} THEN ${refuse(`the record does not name ${me}`)}; END IF`,
    `IF ${isFenced(door)} THEN ${refuse(`another run has fenced ${me}`)}; END IF`,
    door.open,
  ];
}

/** Closes server `me` as the passive side. */
export function closeStatement(me: Side, door: AccessSwitch = readOnlySwitch): string {
  return underTheLock(door, [
    `IF ${isMine(me, door)} THEN ${refuse(`the record names ${me}`)}; END IF`,
    door.close,
  ]);
}

/**
 * Closes the primary `me` for an attempt, while its lease is live. Value: the holder. Returns one row: whether it is
 * `closed`, and the last transaction in its binary log, `position`.
 */
export function fenceStatement(me: Side, door: AccessSwitch = readOnlySwitch): string {
  return underTheLock(door, [
    `IF NOT EXISTS (SELECT 1 FROM ${door.schema}.role r JOIN ${door.schema}.lease l ON l.id = 1 AND l.epoch = r.epoch + 1
      WHERE r.id = 1 AND r.role = '${me}' AND l.holder = ? AND l.expires_at > SYSDATE(6))
      THEN ${refuse("the lease of this attempt has ended")}; END IF`,
    door.close,
    `SELECT ${door.closed} AS closed, @@GLOBAL.gtid_binlog_pos AS position`,
  ]);
}

/**
 * Statements that a run may execute only while its lease on the server is live; later ones are refused. Values: the
 * holder, then the statements' own.
 */
export function underALease(statements: string): string {
  return `BEGIN NOT ATOMIC
  IF NOT EXISTS (SELECT 1 FROM wikiferry.lease WHERE id = 1 AND holder = ? AND expires_at > SYSDATE(6)) THEN
    ${refuse("the lease of this run has ended")};
  END IF;
  ${statements};
END`;
}

/**
 * The dead man's switch: what each server does by itself every second, in case nobody else does. A run of the event
 * that finds the lock taken leaves the work to the holder. A primary that a flip is about to fence stays open until
 * then, because writers are held at the gate first.
 */
export function eventStatement(me: Side, door: AccessSwitch = readOnlySwitch): string {
  return `CREATE OR REPLACE EVENT ${door.schema}.rule ON SCHEDULE EVERY 1 SECOND COMMENT 'wikiferry: open or closed, by role record and lease' DO
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN DO RELEASE_LOCK(${ruleLock(door)}); RESIGNAL; END;
  SET SESSION sql_log_bin = 0, time_zone = '+00:00', lock_wait_timeout = ${lockSeconds}, innodb_lock_wait_timeout = ${lockSeconds};
  IF GET_LOCK(${ruleLock(door)}, 0) IS TRUE THEN
    ${endLease(door)};
    IF NOT ${isMine(me, door)} THEN
      IF ${door.closed} = 0 THEN ${door.close}; END IF;
    ELSEIF ${door.closed} = 1 AND NOT ${isFenced(door)} THEN ${door.open};
    END IF;
    UPDATE ${door.schema}.watch SET ticked_at = SYSDATE(6) WHERE id = 1;
    DO RELEASE_LOCK(${ruleLock(door)});
  END IF;
END`;
}

/**
 * The rule at a server's start, as an init file with one statement per line. It runs before the first connection is
 * accepted.
 * @param options.withoutRecord What holds where there is no record yet: `closed`, or `as configured`.
 */
export function initFile(me: Side, options: { withoutRecord: "closed" | "as configured" }): string {
  const door = readOnlySwitch;
  const quoted = (sql: string) => `'${sql.replaceAll("'", "''")}'`;
  const isOthers = `EXISTS (SELECT 1 FROM ${door.schema}.role WHERE id = 1 AND role <> '${me}')`;
  // Adoption restarts blue before it has a record. An owner who keeps blue read-only by its configuration keeps it so.
  const [rule, otherwise] =
    options.withoutRecord === "closed"
      ? [`SET GLOBAL read_only = NOT ${isMine(me, door)} OR ${isFenced(door)}`, door.close]
      : [`SET GLOBAL read_only = ${door.closed} OR ${isOthers} OR ${isFenced(door)}`, "DO 0"];
  return `${[
    "SET SESSION sql_log_bin = 0, time_zone = '+00:00';",
    `SELECT COUNT(*) INTO @wikiferry_tables FROM information_schema.tables WHERE table_schema = '${door.schema}' AND table_name IN ('role', 'lease');`,
    `SET @wikiferry_end = IF(@wikiferry_tables = 2, ${quoted(endLease(door))}, 'DO 0');`,
    "PREPARE wikiferry_statement FROM @wikiferry_end;",
    "EXECUTE wikiferry_statement;",
    `SET @wikiferry_rule = IF(@wikiferry_tables = 2, ${quoted(rule)}, ${quoted(otherwise)});`,
    "PREPARE wikiferry_statement FROM @wikiferry_rule;",
    "EXECUTE wikiferry_statement;",
    "DEALLOCATE PREPARE wikiferry_statement;",
  ].join("\n")}\n`;
}
