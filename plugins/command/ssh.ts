import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, type ConnectConfig } from "ssh2";
import { z } from "zod";

const end = {
  host: z.string(),
  port: z.number().optional(),
  user: z.string().optional(),
  password: z.string().optional(),
  privateKey: z.string().optional(),
  privateKeyPassword: z.string().optional(),
  agentSocketPath: z.string().optional(),
  hostKey: z.string().optional(),
  /** Attempts that may fail before the last one. The vendor's default is 10; -1 means no limit. */
  dialErrorLimit: z.number().optional(),
  /** Seconds for each attempt. The vendor's default is 15. */
  perDialTimeout: z.number().optional(),
};

const endSchema = z.strictObject(end);

export const connectionSchema = z.strictObject({ ...end, proxy: endSchema.optional() });

type End = z.infer<typeof endSchema>;
export type Connection = z.infer<typeof connectionSchema>;

const place = ({ user, host, port }: End): string => `${user ?? "root"}@${host}:${port ?? 22}`;

/** Fails at once, because another attempt would find the same. */
class Refused extends Error {}

function dialOnce(wanted: End, sock: Duplex | undefined): Promise<Client> {
  const timeoutSeconds = wanted.perDialTimeout ?? 15;
  const expected = wanted.hostKey?.trim().split(/\s+/)[1];
  let presented: string | undefined;
  const config: ConnectConfig = {
    host: wanted.host,
    port: wanted.port ?? 22,
    username: wanted.user ?? "root",
    ...(sock && { sock: sock as NonNullable<ConnectConfig["sock"]> }),
    ...(wanted.password && { password: wanted.password }),
    ...(wanted.privateKey && { privateKey: wanted.privateKey }),
    ...(wanted.privateKeyPassword && { passphrase: wanted.privateKeyPassword }),
    ...(wanted.agentSocketPath && { agent: wanted.agentSocketPath }),
    readyTimeout: timeoutSeconds * 1000,
    keepaliveInterval: 10_000,
    // The server picks the first key type that the client asks for, so ask for the expected type.
    algorithms: { serverHostKey: serverHostKeyFor(wanted.hostKey ?? "") },
    hostVerifier: (key: Buffer) => {
      presented = key.toString("base64");
      return presented === expected;
    },
  };
  return new Promise((resolve, reject) => {
    // The vendor's plugin accepts any host in this case.
    if (!expected) return reject(new Refused(`${place(wanted)}: hostKey is not set`));
    const client = new Client();
    client.once("ready", () => resolve(client));
    client.once("error", (error: Error & { level?: string }) => {
      client.end();
      if (presented !== undefined && presented !== expected)
        reject(new Refused(`${place(wanted)} presents a host key other than hostKey: ${presented}`));
      else if (error.level === "client-authentication")
        reject(new Refused(`${place(wanted)} refuses the log-in: ${error.message}`));
      else reject(new Error(`${place(wanted)} can't be reached: ${error.message}`, { cause: error }));
    });
    try {
      client.connect(config);
    } catch (error) {
      reject(new Refused(`${place(wanted)}: ${error instanceof Error ? error.message : error}`));
    }
  });
}

function serverHostKeyFor(
  hostKey: string,
): NonNullable<NonNullable<ConnectConfig["algorithms"]>["serverHostKey"]> {
  const kind = hostKey.trim().split(/\s+/)[0];
  if (kind === "ssh-rsa") return ["rsa-sha2-512", "rsa-sha2-256"];
  return [kind as "ssh-ed25519"];
}

async function dial(wanted: End, signal: AbortSignal, sock?: () => Promise<Duplex>): Promise<Client> {
  const limit = wanted.dialErrorLimit ?? 10;
  for (let failed = 0; ; ) {
    try {
      return await dialOnce(wanted, await sock?.());
    } catch (error) {
      failed++;
      if (error instanceof Refused || (limit >= 0 && failed > limit)) throw error;
      await sleep(Math.min(250 * 2 ** failed, 5000), undefined, { signal });
    }
  }
}

/** Keeps a session with the host, through the proxy if there is one, for as long as `work` runs. */
export async function withSsh<T>(
  wanted: Connection,
  signal: AbortSignal,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const { proxy } = wanted;
  const between = proxy && (await dial(proxy, signal));
  const through = () =>
    new Promise<Duplex>((resolve, reject) =>
      between?.forwardOut("127.0.0.1", 0, wanted.host, wanted.port ?? 22, (error, channel) =>
        error ? reject(error) : resolve(channel),
      ),
    );
  try {
    const client = await dial(wanted, signal, between && through);
    try {
      return await work(client);
    } finally {
      client.end();
    }
  } finally {
    between?.end();
  }
}
