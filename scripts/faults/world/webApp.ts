import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import mysql, { type Pool } from "mysql2/promise";
import type { Side } from "../../../engine/move";

/**
 * How long a statement may take, in milliseconds. A stopped server answers nothing, and its connections are useless.
 */
const statementMs = 4_000;

export interface AppDatabase {
  host: string;
  password: string;
  name: string;
}

/**
 * The web tier of one side: each POST to /write is one row in the side's database, acknowledged with 200 once it is
 * committed. It caches nothing and retries nothing. /writable answers 200 while its database takes writes.
 */
export class WebApp {
  private readonly server: Server;
  private readonly pool: Pool;
  private readonly sockets = new Set<Socket>();

  constructor(
    readonly side: Side,
    database: AppDatabase,
  ) {
    this.pool = mysql.createPool({
      host: database.host,
      user: "wikiuser",
      password: database.password,
      database: database.name,
      connectionLimit: 16,
      connectTimeout: 1_000,
    });
    this.server = createServer((request, response) => void this.answer(request, response));
    this.server.on("connection", (socket) => {
      this.sockets.add(socket);
      socket.once("close", () => this.sockets.delete(socket));
    });
  }

  async listen(host: string): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.server.once("error", reject);
      this.server.listen(0, host, resolve);
    });
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
    await this.pool.end().catch(() => {});
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.resume();
    const url = new URL(request.url ?? "/", "http://app");
    try {
      if (url.pathname === "/write") await this.write(url.searchParams.get("id") ?? "");
      else if (url.pathname === "/writable") await this.writable();
      response.writeHead(200).end(this.side);
    } catch (error) {
      response.writeHead(500).end((error as Error).message);
    }
  }

  private async write(id: string): Promise<void> {
    await this.query("INSERT INTO entry (token, side) VALUES (?, ?)", [id, this.side]);
  }

  private async writable(): Promise<void> {
    const [row] = await this.query("SELECT @@GLOBAL.read_only AS closed", []);
    if (Number(row?.closed) !== 0) throw new Error("the database is read-only");
  }

  private async query(sql: string, values: unknown[]): Promise<Record<string, unknown>[]> {
    const connection = await this.pool.getConnection();
    try {
      const [rows] = await connection.query({ sql, values, timeout: statementMs });
      connection.release();
      return rows as unknown as Record<string, unknown>[];
    } catch (error) {
      // Whatever the error was, the state of this connection is unknown.
      connection.destroy();
      throw error;
    }
  }
}
