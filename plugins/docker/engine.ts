import { readFileSync } from "node:fs";
import { join } from "node:path";
import Docker from "dockerode";
import { z } from "zod";

export const configSchema = z.strictObject({
  host: z.string().optional(),
  sshOpts: z.array(z.string()).optional(),
  certPath: z.string().optional(),
  caMaterial: z.string().optional(),
  certMaterial: z.string().optional(),
  keyMaterial: z.string().optional(),
  disableDockerDaemonCheck: z.boolean().optional(),
});

export type DockerConfig = z.infer<typeof configSchema>;

/** The part of ssh's command line that ssh2 supports. */
export interface SshSettings {
  identityFile?: string;
  port?: number;
  /** `ssh-ed25519 AAAA…`. */
  hostKey?: string;
}

/** Reads `-i FILE`, `-p PORT` and `-o` with IdentityFile, Port, or a KnownHostsCommand that echoes the host's key. */
export function sshSettings(options: readonly string[]): SshSettings {
  const settings: SshSettings = {};
  const words = options.flatMap((option) => /^(-[iop])\s*(.+)$/s.exec(option)?.slice(1) ?? [option]);
  for (let index = 0; index < words.length; index++) {
    const value = (words[index + 1] ?? "").trim();
    if (words[index] === "-i") settings.identityFile = value;
    else if (words[index] === "-p") settings.port = Number(value);
    else if (words[index] === "-o") {
      const [, key = "", setting = ""] = /^(\w+)\s*[=\s]\s*(.*)$/s.exec(value) ?? [];
      if (key.toLowerCase() === "identityfile") settings.identityFile = setting;
      if (key.toLowerCase() === "port") settings.port = Number(setting);
      if (key.toLowerCase() === "knownhostscommand")
        settings.hostKey = /^\/(?:usr\/)?bin\/echo\s+\S+\s+(\S+\s+\S+)$/.exec(setting)?.[1];
    } else continue;
    index++;
  }
  return settings;
}

/** ssh2 accepts any host unless it gets a function that checks the key. */
function pinned(host: string, hostKey: string | undefined) {
  const [kind, expected] = hostKey?.split(/\s+/) ?? [];
  if (!kind || !expected)
    throw new Error(
      `sshOpts of the Docker host ${host} name no host key: set -o "KnownHostsCommand=/bin/echo %H ssh-ed25519 AAAA…"`,
    );
  const kinds = kind === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256"] : [kind];
  return {
    algorithms: { serverHostKey: kinds as ["ssh-ed25519"] },
    hostVerifier: (key: Buffer) => key.toString("base64") === expected,
  };
}

function connect(config: DockerConfig): Docker {
  if (!config.host) return new Docker();
  const url = new URL(config.host);
  if (url.protocol === "unix:") return new Docker({ socketPath: url.pathname });
  if (url.protocol === "ssh:") {
    const { identityFile, port, hostKey } = sshSettings(config.sshOpts ?? []);
    const key = identityFile
      ? readFileSync(identityFile.replace(/^~(?=\/)/, process.env.HOME ?? ""))
      : undefined;
    return new Docker({
      protocol: "ssh",
      host: url.hostname,
      port: Number(url.port) || port || 22,
      username: url.username || process.env.USER || "root",
      sshOptions: {
        ...pinned(url.hostname, hostKey),
        ...(key ? { privateKey: key } : { agent: process.env.SSH_AUTH_SOCK }),
      },
    });
  }
  const [ca, cert, key] = (["ca", "cert", "key"] as const).map((name) => {
    const material = config[`${name}Material`];
    return (
      material ?? (config.certPath ? readFileSync(join(config.certPath, `${name}.pem`), "utf8") : undefined)
    );
  });
  return new Docker({
    protocol: key ? "https" : "http",
    host: url.hostname,
    port: Number(url.port) || (key ? 2376 : 2375),
    ...(key ? { ca, cert, key } : {}),
  });
}

const clients = new WeakMap<DockerConfig, Docker>();

/** A client of the engine that the provider's configuration names: unix://, tcp:// or ssh://. */
export function engine(config: DockerConfig): Docker {
  let client = clients.get(config);
  if (!client) {
    client = connect(config);
    clients.set(config, client);
  }
  return client;
}

/** The response, or undefined where the engine has no such object. */
export async function orGone<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
}

/** Reads a progress stream of the engine to its end. */
export function follow(
  docker: Docker,
  stream: NodeJS.ReadableStream,
  log: (line: string) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    docker.modem.followProgress(
      stream,
      (error: Error | null) => (error ? reject(error) : resolve()),
      (event: { stream?: string; status?: string; progress?: string }) => {
        const line = (event.stream ?? (event.progress ? "" : event.status) ?? "").trim();
        if (line) log(line);
      },
    );
  });
}

/** Converts the vendor's list of labels to Docker's map. */
export const labelMap = (labels: { label: string; value: string }[] | undefined): Record<string, string> =>
  Object.fromEntries((labels ?? []).map(({ label, value }) => [label, value]));

export const labelSchema = z.array(z.strictObject({ label: z.string(), value: z.string() }));
export const strings = z.array(z.string());
export const stringMap = z.record(z.string(), z.string());
