import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** One request that an upstream has taken in full. */
export interface Taken {
  method: string;
  url: string;
  headers: IncomingMessage["headers"];
  bodyBytes: number;
}

/**
 * A small web server that stands for one side behind the gate. It answers each request with its name, a GET of
 * /images/… with 404 unless the file is in `files`, `?sleep=MS` late, and /health with 200 while `healthy`.
 */
export class Upstream {
  readonly taken: Taken[] = [];
  readonly files = new Set<string>();
  healthy = true;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  constructor(readonly name: string) {
    this.server = createServer((request, response) => this.answer(request, response));
    this.server.keepAliveTimeout = 5_000;
    this.server.on("connection", (socket) => {
      this.sockets.add(socket);
      socket.once("close", () => this.sockets.delete(socket));
    });
  }

  async listen(host: string, port = 0): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.server.once("error", reject);
      this.server.listen(port, host, resolve);
    });
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    let bodyBytes = 0;
    request.on("data", (chunk: Buffer) => {
      bodyBytes += chunk.length;
    });
    request.on("end", () => {
      const url = request.url ?? "/";
      if (url === "/health") {
        response.writeHead(this.healthy ? 200 : 503).end();
        return;
      }
      this.taken.push({ method: request.method ?? "", url, headers: request.headers, bodyBytes });
      const path = url.split("?")[0] as string;
      const missing = path.startsWith("/images/") && !this.files.has(path);
      const sleepMs = Number(/[?&]sleep=(\d+)/.exec(url)?.[1] ?? 0);
      setTimeout(() => response.writeHead(missing ? 404 : 200).end(`${this.name} ${bodyBytes}`), sleepMs);
    });
  }
}
