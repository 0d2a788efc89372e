import type { Duplex } from "node:stream";
import mysql, { type Connection, type ResultSetHeader, type RowDataPacket } from "mysql2/promise";
import { messageOf, WikiferryError } from "../../errors";
import type { DatabaseAccess, DatabaseSide, Side, SourceDatabase } from "../../move";
import { describeAddress } from "../ssh/connection";
import type { SshPool } from "../ssh/pool";
import { lackOfRights, refusalOf } from "./refusal";
import type { StatementSpacing } from "./statementSpacing";

export type Row = Record<string, unknown>;

/** One session on a database server. */
export class Session {
  constructor(
    readonly side: Side,
    private readonly connection: Connection,
    private readonly turn?: () => Promise<void>,
  ) {}

  /** The same session for statements that can't wait for a turn. */
  get promptly(): Session {
    return new Session(this.side, this.connection);
  }

  /** Its number on the server. */
  get connectionId(): number {
    return this.connection.threadId;
  }

  /** Rows of one statement. Values are bound on the client (`?`, `??`). */
  async rows<T = Row>(sql: string, values: unknown[] = []): Promise<T[]> {
    return (await this.query<RowDataPacket[]>(sql, values)) as T[];
  }

  /** The rows of each SELECT in a compound statement, in order. */
  async resultSets(sql: string, values: unknown[] = []): Promise<Row[][]> {
    const results = await this.query<RowDataPacket[][]>(sql, values);
    // Without a SELECT the server sends one packet that only reports completion.
    if (!Array.isArray(results)) return [];
    return (results as unknown[]).filter((result): result is Row[] => Array.isArray(result));
  }

  /** The first row of one statement. */
  async row<T = Row>(sql: string, values: unknown[] = []): Promise<T | undefined> {
    return (await this.rows<T>(sql, values))[0];
  }

  /** The first column of the first row, as text; null and no row are undefined. */
  async value(sql: string, values: unknown[] = []): Promise<string | undefined> {
    const row = await this.row<Row>(sql, values);
    const value = row === undefined ? undefined : Object.values(row)[0];
    return value === null || value === undefined ? undefined : String(value);
  }

  /** One statement without rows. Returns how many rows it changed. */
  async run(sql: string, values: unknown[] = []): Promise<number> {
    const result = await this.query<ResultSetHeader>(sql, values);
    return result.affectedRows ?? 0;
  }

  /**
   * @throws `DB_UNREACHABLE` when the connection is lost, `DB_ACCESS_DENIED` when the account lacks a privilege. Other
   * server errors pass through.
   */
  private async query<T extends RowDataPacket[] | RowDataPacket[][] | ResultSetHeader>(
    sql: string,
    values: unknown[],
  ): Promise<T> {
    await this.turn?.();
    try {
      return (await this.connection.query<T>(sql, values))[0];
    } catch (error) {
      throw isLost(error) ? connectionLost(this.side, error) : (lackOfRights(error, this.side) ?? error);
    }
  }

  async close(): Promise<void> {
    await this.connection.end().catch(() => this.connection.destroy());
  }

  destroy(): void {
    this.connection.destroy();
  }
}

/**
 * The server's own errors have an SQL state. mysql2's are fatal to the connection, or report that it was already
 * closed.
 */
function isLost(error: unknown): boolean {
  const { fatal, sqlState, message } = error as { fatal?: boolean; sqlState?: string; message?: string };
  return sqlState === undefined && (fatal === true || /connection is in closed state/.test(message ?? ""));
}

function connectionLost(side: Side, cause: unknown): WikiferryError {
  return new WikiferryError(
    "DB_UNREACHABLE",
    `the connection to ${side}'s MariaDB was lost (${messageOf(cause)})`,
    "See that it runs and that the network is stable, then run again",
    { cause },
  );
}

export interface OpenOptions {
  database?: string;
  /** Defaults to 10,000. */
  connectTimeoutMs?: number;
  /** What it writes never enters the binary log. */
  withoutBinlog?: boolean;
}

/** A database server, through its administrative account. */
export class Server<Place extends DatabaseAccess = DatabaseAccess> {
  /** While it is set, each statement of `session` and `sessionWithoutBinlog` and each new session waits for its turn. */
  spacing: StatementSpacing | undefined;
  private shared: Promise<Session> | undefined;
  private own: Promise<Session> | undefined;

  constructor(
    readonly place: Place,
    private readonly password: string,
    private readonly pool: SshPool,
  ) {}

  get side(): Side {
    return this.place.side;
  }

  /** The session for single statements. Opened on first use, and again after it broke. */
  session(): Promise<Session> {
    if (!this.shared) {
      this.shared = this.open({ takesTurns: true, onLost: () => (this.shared = undefined) });
      this.shared.catch(() => (this.shared = undefined));
    }
    return this.shared;
  }

  /**
   * Like `session`, for facts that belong to this server alone. What it writes never enters the binary log, so neither
   * the stream nor a GTID knows of it.
   */
  sessionWithoutBinlog(): Promise<Session> {
    if (!this.own) {
      this.own = this.open({ withoutBinlog: true, takesTurns: true, onLost: () => (this.own = undefined) });
      this.own.catch(() => (this.own = undefined));
    }
    return this.own;
  }

  /**
   * A separate session, for what waits or changes session variables.
   *
   * Big numbers, decimals and dates arrive as text, so nothing is rounded.
   * @throws `DB_UNREACHABLE`, `DB_ACCESS_DENIED`, `DB_CONNECTIONS`, `DB_TLS_REQUIRED`
   */
  async open(options: OpenOptions & { takesTurns?: boolean; onLost?: () => void } = {}): Promise<Session> {
    const turn = async () => await this.spacing?.turn();
    await turn();
    const { connection } = await this.connect(options);
    // SYSDATE() uses the session's time zone, and the control schema's times are UTC.
    await connection.query(
      `SET SESSION time_zone = '+00:00'${options.withoutBinlog ? ", sql_log_bin = 0" : ""}`,
    );
    connection.on("error", () => options.onLost?.());
    connection.on("end", () => options.onLost?.());
    return new Session(this.side, connection, options.takesTurns ? turn : undefined);
  }

  /**
   * A connection for callers that speak the protocol themselves: logged in, with the stream to themselves.
   * @param prepare Receives the stream before the first packet.
   * @throws `DB_UNREACHABLE`, `DB_ACCESS_DENIED`, `DB_CONNECTIONS`, `DB_TLS_REQUIRED`
   */
  async openStream(
    options: OpenOptions & { prepare?: (stream: Duplex) => void } = {},
  ): Promise<{ stream: Duplex; connectionId: number }> {
    const { connection, stream } = await this.connect(options);
    connection.on("error", () => {});
    stream.removeAllListeners("data");
    return { stream, connectionId: connection.threadId };
  }

  private async connect(
    options: OpenOptions & { prepare?: (stream: Duplex) => void },
  ): Promise<{ connection: Connection; stream: Duplex }> {
    const where = `${this.side}'s MariaDB at ${describeAddress(this.place.admin)}`;
    const connectTimeoutMs = options.connectTimeoutMs ?? 10_000;
    try {
      const stream = await within(connectTimeoutMs, this.pool.stream(this.place.admin));
      options.prepare?.(stream);
      // A forwarded stream is only half closed when the server is gone, and a query would wait for its answer forever.
      stream.once("end", () => stream.destroy());
      const connection = await mysql.createConnection({
        stream,
        user: this.place.adminUser,
        password: this.password,
        database: options.database,
        connectTimeout: connectTimeoutMs,
        charset: "utf8mb4",
        supportBigNumbers: true,
        bigNumberStrings: true,
        dateStrings: true,
        jsonStrings: true,
        multipleStatements: false,
      });
      return { connection, stream };
    } catch (error) {
      if (error instanceof WikiferryError) throw error;
      const refusal = refusalOf(error, where, this.place);
      if (refusal) throw refusal;
      throw new WikiferryError(
        "DB_UNREACHABLE",
        `no answer from ${where} (${messageOf(error)})`,
        "See that MariaDB runs and that the address is right",
        { cause: error },
      );
    }
  }

  async rows<T = Row>(sql: string, values?: unknown[]): Promise<T[]> {
    return (await this.session()).rows<T>(sql, values);
  }

  async row<T = Row>(sql: string, values?: unknown[]): Promise<T | undefined> {
    return (await this.session()).row<T>(sql, values);
  }

  async value(sql: string, values?: unknown[]): Promise<string | undefined> {
    return (await this.session()).value(sql, values);
  }

  async run(sql: string, values?: unknown[]): Promise<number> {
    return (await this.session()).run(sql, values);
  }

  /** The same server with sessions of its own, for what should not wait behind others. Close it. */
  withOwnConnections(): Server<Place> {
    return new Server(this.place, this.password, this.pool);
  }

  async close(): Promise<void> {
    const sessions = [this.shared, this.own];
    this.shared = undefined;
    this.own = undefined;
    for (const session of sessions) await session?.then((open) => open.close()).catch(() => {});
  }
}

/** A server that another can follow. */
export type SourceServer = Server<SourceDatabase>;

/** A server that follows another, and is followed. */
export type ReplicatedServer = Server<DatabaseSide>;

/**
 * A firewall that drops packets would otherwise block a connect for minutes. A stream that arrives too late is closed.
 */
async function within(timeoutMs: number, stream: Promise<Duplex>): Promise<Duplex> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no connection within ${timeoutMs} ms`));
      stream.then((open) => open.destroy()).catch(() => {});
    }, timeoutMs);
  });
  try {
    return await Promise.race([stream, late]);
  } finally {
    clearTimeout(timer);
  }
}
