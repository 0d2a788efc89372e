import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import Docker from "dockerode";
import { WikiferryError } from "../../engine/errors";

/** Sockets and pipes of this machine. */
const local = /^(unix|npipe):\/\//;

/**
 * What makes Docker's clients use another machine's engine: `DOCKER_HOST`, else `DOCKER_CONTEXT`, else the context that
 * `docker context use` chose. A forwarded TCP port counts as another machine's, whatever its address is.
 * @param directory Docker's own: `~/.docker`, or `DOCKER_CONFIG`.
 * @returns the setting and where it leads, such as `DOCKER_HOST=tcp://10.0.0.5:2375`; undefined on this machine
 */
export function engineElsewhere(
  env: Readonly<Record<string, string | undefined>>,
  directory = env.DOCKER_CONFIG || join(homedir(), ".docker"),
): string | undefined {
  // The vendor's plugin prefers a context to DOCKER_HOST, the docker command DOCKER_HOST to a context.
  const host = env.DOCKER_HOST;
  if (host && !local.test(host)) return `DOCKER_HOST=${host}`;
  const named = env.DOCKER_CONTEXT || (host ? "" : currentContext(directory));
  if (!named || named === "default") return undefined;
  const endpoint = endpointOf(named, directory);
  if (endpoint !== undefined && local.test(endpoint)) return undefined;
  return `the Docker context ${named} (${endpoint ?? "of an unknown address"})`;
}

function currentContext(directory: string): string {
  return String(json(join(directory, "config.json"))?.currentContext ?? "");
}

/** Where the docker command stores it: `contexts/meta/<SHA-256 of the name>/meta.json`. */
function endpointOf(context: string, directory: string): string | undefined {
  const folder = createHash("sha256").update(context).digest("hex");
  const meta = json(join(directory, "contexts/meta", folder, "meta.json")) as
    | { Endpoints?: { docker?: { Host?: string } } }
    | undefined;
  return meta?.Endpoints?.docker?.Host;
}

function json(path: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

/** @throws `ENGINE_ELSEWHERE` where a rehearsal or a test would use another machine's engine */
export function requireLocalEngine(): void {
  const problem = problemOf(engineElsewhere(process.env));
  if (problem) throw problem;
}

/** This machine's engine. A request that would leave the machine fails with `ENGINE_ELSEWHERE`. */
export function localDocker(options?: Docker.DockerOptions): Docker {
  const docker = new Docker(options);
  const problem = problemOf(engineElsewhere(process.env));
  if (problem) docker.modem.dial = (_request, answer) => answer?.(problem, null);
  return docker;
}

function problemOf(elsewhere: string | undefined): WikiferryError | undefined {
  if (!elsewhere) return undefined;
  return new WikiferryError(
    "ENGINE_ELSEWHERE",
    `${elsewhere} leads to a Docker engine that is not this machine's, where a wiki may run`,
    "Rehearsals and tests make and remove containers on this machine's engine only: `unset DOCKER_HOST DOCKER_CONTEXT; docker context use default`",
  );
}
