import http from "node:http";
import type { CookieJar } from "tough-cookie";

export interface Reply {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: Buffer;
  /** Epoch. */
  startedAtMs: number;
  /** From sending the request to the last byte of the answer. */
  latencyMs: number;
  /** Which side answered, where a response header tells. */
  side?: string;
}

/** No answer came. */
export class NoReply extends Error {
  override readonly name = "NoReply";

  constructor(
    /** `timeout`, or the system's code such as `ECONNRESET`. */
    readonly code: string,
    /** False when the request can't have reached a server. */
    readonly maybeServed: boolean,
    readonly startedAtMs: number,
    readonly latencyMs: number,
    options?: { cause?: unknown },
  ) {
    super(`no answer: ${code}`, options);
  }
}

export interface RequestOptions {
  method?: "GET" | "POST";
  /** Path and query. */
  path: string;
  body?: Buffer;
  /** Of the body; default: a form. */
  contentType?: string;
  jar?: CookieJar;
}

/** Free connections are closed before a server's keep-alive time-out (Apache: 5 s) can cross a request on its way. */
const IDLE_MS = 1_500;

/**
 * An HTTP client that names one site and connects to a given address: `retarget` is what a changed DNS record is to
 * people, the site's name and their cookies stay. Connections are kept alive.
 */
export class HttpClient {
  private readonly agent: http.Agent;
  private readonly host: string;
  private target: URL;
  /** GET requests that met a connection just closed by the server and were sent again, as browsers do. */
  reopened = 0;

  constructor(
    target: string,
    private readonly serverUrl: string,
    private readonly timeoutMs: number,
    maxConnections: number,
  ) {
    this.target = new URL(target);
    this.host = new URL(serverUrl).host;
    this.agent = new http.Agent({ keepAlive: true, maxSockets: maxConnections, timeout: IDLE_MS });
  }

  retarget(url: string): void {
    this.target = new URL(url);
  }

  close(): void {
    this.agent.destroy();
  }

  async request(options: RequestOptions): Promise<Reply> {
    const attempt = { reused: false };
    try {
      return await this.once(options, attempt);
    } catch (error) {
      const stale = attempt.reused && error instanceof NoReply && error.code === "ECONNRESET";
      // RFC 9110 section 9.2.2: only idempotent requests may be sent again.
      if (!stale || options.method === "POST") throw error;
      this.reopened++;
      return this.once(options, attempt);
    }
  }

  private once(options: RequestOptions, attempt: { reused: boolean }): Promise<Reply> {
    const { jar, body } = options;
    const headers: http.OutgoingHttpHeaders = { Host: this.host, "User-Agent": "wikiferry-rehearsal/1" };
    const cookies = jar?.getCookieStringSync(this.serverUrl);
    if (cookies) headers.Cookie = cookies;
    if (body) {
      headers["Content-Type"] = options.contentType ?? "application/x-www-form-urlencoded";
      headers["Content-Length"] = body.length;
    }
    const startedAtMs = Date.now();
    const start = performance.now();
    return new Promise((resolve, reject) => {
      const request = http.request({
        agent: this.agent,
        host: this.target.hostname,
        port: this.target.port || 80,
        method: options.method ?? "GET",
        path: options.path,
        headers,
      });
      const fail = (code: string, cause?: unknown) => {
        clearTimeout(timer);
        attempt.reused = request.reusedSocket;
        const latencyMs = performance.now() - start;
        reject(new NoReply(code, code !== "ECONNREFUSED", startedAtMs, latencyMs, { cause }));
        request.destroy();
      };
      const timer = setTimeout(() => fail("timeout"), this.timeoutMs);
      request.on("error", (error: NodeJS.ErrnoException) => fail(error.code ?? error.message, error));
      request.on("response", (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("error", (error: NodeJS.ErrnoException) => fail(error.code ?? error.message, error));
        response.on("end", () => {
          clearTimeout(timer);
          for (const cookie of response.headers["set-cookie"] ?? [])
            jar?.setCookieSync(cookie, this.serverUrl, { ignoreError: true });
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(parts),
            startedAtMs,
            latencyMs: performance.now() - start,
            side: sideOf(response.headers),
          });
        });
      });
      request.end(body);
    });
  }
}

function sideOf(headers: http.IncomingHttpHeaders): string | undefined {
  const side = headers["x-wikiferry-side"];
  return typeof side === "string" ? side : undefined;
}
