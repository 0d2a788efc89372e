import { type IncomingHttpHeaders, request } from "node:http";
import type { Duplex } from "node:stream";
import { connect } from "node:tls";

/** How a web server's certificate is checked. */
export interface TlsCheck {
  /** DNS name that the certificate must be valid for. Also sent as SNI. */
  name: string;
  /** PEM of the authority, or of a self-signed certificate. Defaults to the public authorities. */
  ca?: string;
}

export interface HttpAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export interface HttpQuestion {
  path: string;
  headers: Record<string, string>;
  /** Form fields; with them it is a POST. */
  form?: string;
}

/** TLS verification failed, or there is no TLS where it was expected. */
export class TlsError extends Error {}

/**
 * One request over its own stream.
 * @throws `TlsError`, or the connection's error
 */
export async function askOver(
  open: () => Promise<Duplex>,
  tls: TlsCheck | undefined,
  { path, headers, form }: HttpQuestion,
  timeoutMs: number,
): Promise<HttpAnswer> {
  const late = new Error(`not within ${Math.ceil(timeoutMs)} ms`);
  let timer: NodeJS.Timeout | undefined;
  let stream: Duplex | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late), timeoutMs);
  });
  const opening = open();
  // If it opens too late, nobody is left to close it.
  opening.then(
    (opened) => timer === undefined && opened.destroy(),
    () => {},
  );
  const work = async () => {
    const raw = await opening;
    stream = raw;
    const broken = new Promise<never>((_, reject) => raw.once("error", reject));
    const secured = tls ? secure(raw, tls) : Promise.resolve(raw);
    const answered = secured.then((ready) => send(ready, path, headers, form));
    answered.catch(() => {});
    return await Promise.race([answered, broken]);
  };
  try {
    return await Promise.race([work(), timeout]);
  } finally {
    clearTimeout(timer);
    timer = undefined;
    stream?.on("error", () => {}).destroy();
  }
}

export function secure(raw: Duplex, { name, ca }: TlsCheck): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connect({ socket: raw, servername: name, ...(ca ? { ca } : {}) });
    socket.once("secureConnect", () => resolve(socket));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      const ofConnection = /^E(CONN|PIPE|HOST|NET|TIMEDOUT)/.test(error.code ?? "");
      reject(ofConnection ? error : new TlsError(error.message, { cause: error }));
    });
  });
}

function send(
  stream: Duplex,
  path: string,
  headers: Record<string, string>,
  form: string | undefined,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request({
      path,
      method: form === undefined ? "GET" : "POST",
      headers: {
        ...headers,
        connection: "close",
        ...(form === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" }),
      },
      createConnection: () => stream,
    });
    sent.on("error", reject);
    sent.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks),
        }),
      );
    });
    sent.end(form);
  });
}
