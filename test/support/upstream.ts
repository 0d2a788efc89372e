import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";

/** One request that an upstream has received completely. */
export interface Taken {
  method: string;
  url: string;
  headers: IncomingMessage["headers"];
  bodyBytes: number;
  /** Of the body, in hex. */
  sha256: string;
  /** When its headers arrived and when it was answered, by `performance.now()`. */
  begunAt: number;
  answeredAt: number;
}

/**
 * A small web server that stands for one side behind the gate. It answers each request with its name, a GET of
 * /images/… with 404 unless the file is in `files`, `?wait` after `letGo`, `?long` with 64 MB, and /health with 200
 * while `healthy`.
 */
export class Upstream {
  readonly taken: Taken[] = [];
  readonly files = new Set<string>();
  healthy = true;
  /** Requests whose headers have arrived, without health checks. */
  begun = 0;
  private readonly server: Server;
  private waiting: (() => void)[] = [];
  private readonly sockets = new Set<Socket>();

  /** @param tls PEM texts; with them it speaks TLS. */
  constructor(
    readonly name: string,
    tls?: { cert: string; key: string },
  ) {
    const answer = (request: IncomingMessage, response: ServerResponse) => this.answer(request, response);
    this.server = tls ? createTlsServer(tls, answer) : createServer(answer);
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

  /** Answers the `?wait` requests so far. */
  letGo(): void {
    for (const answerNow of this.waiting.splice(0)) answerNow();
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const url = request.url ?? "/";
    if (url === "/health") {
      response.writeHead(this.healthy ? 200 : 503).end();
      return;
    }
    this.begun++;
    const begunAt = performance.now();
    const hash = createHash("sha256");
    let bodyBytes = 0;
    request.on("data", (chunk: Buffer) => {
      bodyBytes += chunk.length;
      hash.update(chunk);
    });
    request.on("end", () => {
      const taken: Taken = {
        method: request.method ?? "",
        url,
        headers: request.headers,
        bodyBytes,
        sha256: hash.digest("hex"),
        begunAt,
        answeredAt: Number.POSITIVE_INFINITY,
      };
      this.taken.push(taken);
      const path = url.split("?")[0] as string;
      const missing = path.startsWith("/images/") && !this.files.has(path);
      const answerNow = () => {
        taken.answeredAt = performance.now();
        response.writeHead(missing ? 404 : 200);
        response.end(url.endsWith("?long") ? Buffer.alloc(64_000_000) : `${this.name} ${bodyBytes}`);
      };
      if (url.endsWith("?wait")) this.waiting.push(answerNow);
      else answerNow();
    });
  }
}
