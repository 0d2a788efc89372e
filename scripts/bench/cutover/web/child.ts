import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import mysql, { type Pool } from "mysql2/promise";
import type { WebOrder } from "./order";

/*
 * A minimal web tier. A POST to /edit writes one row and is answered with the side's name once that is committed; a GET
 * of /page reads one. /writable says whether the database takes writes, as MediaWiki's API does.
 */

async function answer(order: WebOrder, pool: Pool, asked: IncomingMessage): Promise<[number, string]> {
  const url = new URL(asked.url ?? "/", "http://web");
  const id = Number(url.searchParams.get("id"));
  try {
    switch (`${asked.method} ${url.pathname}`) {
      case "POST /edit": {
        let text = "";
        for await (const piece of asked) text += piece;
        await pool.query("INSERT INTO edit (token, body) VALUES (?, ?)", [id, text]).catch(alreadyThere);
        return [200, order.side];
      }
      case "GET /page": {
        const [rows] = await pool.query<mysql.RowDataPacket[]>("SELECT body FROM page WHERE id = ?", [id]);
        return rows[0] ? [200, String(rows[0].body)] : [404, "no such page"];
      }
      case "GET /writable": {
        const [rows] = await pool.query<mysql.RowDataPacket[]>("SELECT @@GLOBAL.read_only AS closed");
        return String(rows[0]?.closed) === "0" ? [200, "yes"] : [503, "read-only"];
      }
      default:
        return [url.pathname === "/health" ? 200 : 404, url.pathname];
    }
  } catch (error) {
    return [503, String((error as { code?: string }).code ?? error)];
  }
}

/** A write that is retried after an error may have been committed the first time. */
function alreadyThere(error: { code?: string }): void {
  if (error.code !== "ER_DUP_ENTRY") throw error;
}

function open(order: WebOrder): void {
  const { host, port, user, password, name } = order.database;
  const pool = mysql.createPool({
    host,
    port,
    user,
    password,
    database: name,
    connectionLimit: order.connections,
    charset: "binary",
  });
  const server = createServer(async (asked: IncomingMessage, response: ServerResponse) => {
    const [status, text] = await answer(order, pool, asked);
    response.writeHead(status, { "Content-Length": Buffer.byteLength(text) }).end(text);
  });
  // Longer than the gate keeps an idle connection, so that this end never closes one under a request.
  server.keepAliveTimeout = 300_000;
  server.listen(0, order.listen, () => process.send?.({ port: (server.address() as AddressInfo).port }));
}

process.once("disconnect", () => process.exit(0));
process.once("message", open);
