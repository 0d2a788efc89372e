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

/** The part of ssh's command line that ssh2 can follow: `-i file`, `-p port`, `-o IdentityFile=`, `-o Port=`. */
export function sshSettings(options: readonly string[]): { identityFile?: string; port?: number } {
  const settings: { identityFile?: string; port?: number } = {};
  const words = options.flatMap((option) => option.split(/\s+/)).filter(Boolean);
  for (let index = 0; index < words.length; index++) {
    const word = words[index];
    const value = words[index + 1] ?? "";
    if (word === "-i") settings.identityFile = value;
    else if (word === "-p") settings.port = Number(value);
    else if (word === "-o") {
      const [key = "", setting = ""] = value.split("=");
      if (key.toLowerCase() === "identityfile") settings.identityFile = setting;
      if (key.toLowerCase() === "port") settings.port = Number(setting);
    } else continue;
    index++;
  }
  return settings;
}

function connect(config: DockerConfig): Docker {
  if (!config.host) return new Docker();
  const url = new URL(config.host);
  if (url.protocol === "unix:") return new Docker({ socketPath: url.pathname });
  if (url.protocol === "ssh:") {
    const { identityFile, port } = sshSettings(config.sshOpts ?? []);
    const key = identityFile
      ? readFileSync(identityFile.replace(/^~(?=\/)/, process.env.HOME ?? ""))
      : undefined;
    return new Docker({
      protocol: "ssh",
      host: url.hostname,
      port: Number(url.port) || port || 22,
      username: url.username || process.env.USER || "root",
      sshOptions: key ? { privateKey: key } : { agent: process.env.SSH_AUTH_SOCK },
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

/** The client of the engine that the provider's configuration names: unix://, tcp:// or ssh://. */
export function engine(config: DockerConfig): Docker {
  let client = clients.get(config);
  if (!client) {
    client = connect(config);
    clients.set(config, client);
  }
  return client;
}

/** The answer, or undefined where the engine has no such thing. */
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

/** The vendor's list of labels as Docker's map. */
export const labelMap = (labels: { label: string; value: string }[] | undefined): Record<string, string> =>
  Object.fromEntries((labels ?? []).map(({ label, value }) => [label, value]));

export const labelSchema = z.array(z.strictObject({ label: z.string(), value: z.string() }));
export const strings = z.array(z.string());
export const stringMap = z.record(z.string(), z.string());
