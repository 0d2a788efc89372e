import { block, type Finding, findingOf, pass, warn } from "../../finding";
import { dockerFor } from "../../runtime/docker/engine";
import type { MoveSession } from "../../session";
import { openGate } from "../openGate";

/** Changes that the config must allow by name. */
export interface Allowed {
  /** `green.allowRestart` */
  restart: boolean;
  /** `gate.renew` */
  renew: boolean;
}

export interface Running {
  /** The container's name, or its label `wikiferry.name`. */
  name: string;
  /** Its label `wikiferry.settings`. */
  settings: string | undefined;
}

const restarting: Record<string, string> = {
  "green-mariadb": "green's MariaDB",
  "green-redis-cache": "green's Redis for caches",
  "green-redis-sessions": "green's Redis for sessions",
};

/**
 * What the wanted settings of green's containers do to people, compared with the running ones. Pure.
 * @param serving Whether green serves anyone: it is the primary, or a canary is above 0.
 */
export function judgeChanges(
  running: readonly Running[],
  wanted: Readonly<Record<string, string>>,
  serving: boolean,
  allowed: Allowed,
): Finding[] {
  const changed = Object.keys(wanted).filter((name) => {
    const here = running.filter((one) => one.name === name);
    // A second container that failed to replace it may stand beside it.
    return here.length > 0 && !here.every(({ settings }) => settings === wanted[name]);
  });
  return changed.flatMap((name) => {
    if (name === "green-mediawiki")
      return pass(
        "GREEN_REPLACED",
        "green's MediaWiki is replaced: a second one starts, and serves once it is healthy; if it does not become healthy, the old one stays. Nobody notices",
      );
    if (name === "green-gate") {
      if (allowed.renew)
        return warn(
          "GATE_RENEWED",
          "the gate's container is replaced: nobody reaches the wiki for some seconds, and requests that are held or under way then fail",
          "Set gate.renew to false again afterwards",
        );
      return warn(
        "GATE_RENEWED",
        "the gate's container has an image, ports or networks other than wanted; it stays as it is",
        "Its settings and its program change without that. To replace it: pulumi config set --path gate.renew true; nobody reaches the wiki for some seconds then",
      );
    }
    const what = restarting[name] ?? name;
    if (!serving) return pass("GREEN_RESTARTS", `${what} restarts: green serves nobody, so nobody notices`);
    const hurt =
      name === "green-mariadb"
        ? "for some seconds, longer with a large buffer pool, green's pages fail and nobody can save there"
        : "for some seconds green's pages are slow or fail";
    const found = `${what} restarts while green serves people: ${hurt}`;
    return allowed.restart
      ? warn("GREEN_RESTARTS", found, "Allowed by green.allowRestart; set it to false again afterwards")
      : block(
          "GREEN_RESTARTS",
          found,
          "Change it while blue serves and the canary is 0, or allow it: pulumi config set --path green.allowRestart true",
        );
  });
}

/**
 * Whether the gate's published ports differ from the wanted ones. Docker can't change those of a container, so Pulumi
 * replaces it. Pure.
 * @param ports Published on the host by the running gate; empty where none runs.
 */
export function judgePorts(ports: readonly number[], wanted: readonly number[], renew: boolean): Finding[] {
  const missing = wanted.filter((port) => !ports.includes(port));
  if (ports.length === 0 || missing.length === 0 || renew) return [];
  return [
    block(
      "GATE_RENEWED",
      `the gate is published at ports ${ports.join(" and ")}, and port ${missing.join(" and ")} is wanted: its container would be replaced, and nobody reaches the wiki for some seconds`,
      "Set gate.httpPort and tuning.gate.adminPort back, or allow it at a quiet hour: pulumi config set --path gate.renew true",
    ),
  ];
}

/** The same, with the state read from Docker and the gate. Never writes. */
export async function changesAhead(
  move: MoveSession,
  wanted: Readonly<Record<string, string>>,
  allowed: Allowed,
): Promise<Finding[]> {
  let running: (Running & { ports: number[] })[];
  try {
    running = await runningContainers(move);
  } catch {
    // The other checks report that Docker does not answer.
    return [];
  }
  const { container, http, admin } = move.spec.gate;
  const ports = running.find(({ name }) => name === container)?.ports ?? [];
  const moved = judgePorts(ports, [http.port, admin.port], allowed.renew);
  // Its new runtime API can't answer yet.
  if (moved.length > 0) return moved;
  try {
    return judgeChanges(running, wanted, await servesPeople(move, running), allowed);
  } catch (error) {
    return [findingOf(error, warn)];
  }
}

async function runningContainers({ spec, pool }: MoveSession): Promise<(Running & { ports: number[] })[]> {
  const filters = JSON.stringify({ label: ["wikiferry.side=green"], status: ["running"] });
  const listed = await dockerFor(spec.green.database.dockerVia, pool).listContainers({ filters });
  return listed.map(({ Names, Labels, Ports }) => ({
    name: Labels["wikiferry.name"] ?? Names[0]?.slice(1) ?? "",
    settings: Labels["wikiferry.settings"],
    ports: [...new Set(Ports.map(({ PublicPort }) => PublicPort).filter(Boolean))],
  }));
}

async function servesPeople(move: MoveSession, running: readonly Running[]): Promise<boolean> {
  if (!running.some(({ name }) => name === move.spec.gate.container)) return false;
  const gate = openGate(move);
  try {
    const { primary, views, canary } = await gate.state();
    return primary === "green" || views === "green" || canary > 0;
  } finally {
    gate.close();
  }
}
