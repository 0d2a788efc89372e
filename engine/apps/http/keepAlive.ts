import { Agent, request } from "node:http";
import type { Duplex } from "node:stream";
import pLimit from "p-limit";
import { type HttpAnswer, secure, type TlsCheck } from "./http";

export interface Question {
  path: string;
  method: "GET" | "HEAD" | "POST";
  headers: Record<string, string>;
  /** Form fields of a POST. */
  form?: string;
}

/**
 * Requests to one web server over a few connections that stay open: through a container or a tunnel, opening one costs
 * more than a request. Close it.
 */
export class KeptConnections {
  private readonly agent: StreamAgent;
  private readonly limit: ReturnType<typeof pLimit>;

  /** @param connections Maximum number at a time. */
  constructor(
    open: () => Promise<Duplex>,
    tls: TlsCheck | undefined,
    private readonly connections: number,
  ) {
    this.agent = new StreamAgent(open, tls, connections);
    this.limit = pLimit(connections);
  }

  /** @throws `TlsError`, or the connection's error; an error too if there is no answer within `timeoutMs` */
  async ask(question: Question, timeoutMs: number): Promise<HttpAnswer> {
    // The agent counts a connection only once it is open.
    return await this.limit(() => this.askOver(question, timeoutMs));
  }

  private async askOver(question: Question, timeoutMs: number): Promise<HttpAnswer> {
    // The server has closed connections that nobody used for seconds, as it may. Each is tried at most once.
    for (let closed = 0; ; closed++) {
      try {
        return await this.once(question, timeoutMs);
      } catch (error) {
        if (!(error instanceof StaleConnection) || closed > this.connections) throw error;
      }
    }
  }

  close(): void {
    this.agent.destroy();
  }

  private once({ path, method, headers, form }: Question, timeoutMs: number): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const type = form === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" };
      const sent = request({ agent: this.agent, path, method, headers: { ...headers, ...type } });
      const timer = setTimeout(
        () => sent.destroy(new Error(`not within ${Math.ceil(timeoutMs)} ms`)),
        timeoutMs,
      );
      const fail = (error: NodeJS.ErrnoException) => {
        clearTimeout(timer);
        const stale = sent.reusedSocket && /ECONNRESET|EPIPE|ERR_STREAM/.test(error.code ?? "");
        reject(stale ? new StaleConnection(error.message, { cause: error }) : error);
      };
      sent.on("error", fail);
      sent.on("response", (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", fail);
        response.on("end", () => {
          clearTimeout(timer);
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks),
          });
        });
      });
      sent.end(form);
    });
  }
}

class StaleConnection extends Error {}

/** Node's agent on streams that are no sockets. */
class StreamAgent extends Agent {
  constructor(
    private readonly open: () => Promise<Duplex>,
    private readonly tls: TlsCheck | undefined,
    connections: number,
  ) {
    super({ keepAlive: true, maxSockets: connections, maxFreeSockets: connections });
  }

  override createConnection(
    _options: object,
    done?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    this.open()
      .then((raw) => (this.tls ? secure(raw, this.tls) : raw))
      .then(
        (stream) => done?.(null, likeASocket(stream)),
        (error: Error) => done?.(error, undefined as never),
      );
  }
}

/** Node's agent calls what a socket has and another stream lacks. */
function likeASocket(stream: Duplex): Duplex {
  // A server that closes an idle connection ends only its half of a stream that is no socket.
  stream.once("end", () => stream.destroy());
  const nothing = () => stream;
  for (const name of ["ref", "unref", "setKeepAlive", "setNoDelay", "setTimeout"])
    if (!(name in stream)) Object.assign(stream, { [name]: nothing });
  return stream;
}
