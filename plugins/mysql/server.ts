import { type Connection, createConnection, type RowDataPacket } from "mysql2/promise";
import { z } from "zod";

export const configSchema = z.strictObject({
  /** `host:port`, or the path of a socket. */
  endpoint: z.string(),
  username: z.string(),
  password: z.string().optional(),
  tls: z.enum(["true", "false", "skip-verify"]).optional(),
});

export type MysqlConfig = z.infer<typeof configSchema>;

/** A session with the server for as long as `work` runs. */
export async function withServer<T>(config: MysqlConfig, work: (db: Connection) => Promise<T>): Promise<T> {
  const [host = "", port] = config.endpoint.split(/:(?=\d+$)/);
  const tls = config.tls ?? "false";
  let db: Connection;
  try {
    db = await createConnection({
      ...(config.endpoint.startsWith("/")
        ? { socketPath: config.endpoint }
        : { host, port: Number(port ?? 3306) }),
      user: config.username,
      password: config.password ?? "",
      ...(tls !== "false" && { ssl: { rejectUnauthorized: tls === "true" } }),
      connectTimeout: 10_000,
      charset: "utf8mb4",
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message || (error as NodeJS.ErrnoException).code : error;
    throw new Error(
      `no session as ${config.username} with the database server at ${config.endpoint}: ${reason}`,
      {
        cause: error,
      },
    );
  }
  try {
    return await work(db);
  } finally {
    await db.end();
  }
}

/** Runs one statement; an error names the statement by `what`, since its text may hold a password. */
export async function execute(db: Connection, what: string, sql: string): Promise<RowDataPacket[]> {
  try {
    const [rows] = await db.query<RowDataPacket[]>(sql);
    return rows;
  } catch (error) {
    const { code, errno } = error as { code?: string; errno?: number };
    const quotes = code === "ER_PARSE_ERROR";
    const message = quotes ? "a syntax error" : error instanceof Error ? error.message : error;
    throw Object.assign(new Error(`${what}: ${message}`), { code, errno });
  }
}
