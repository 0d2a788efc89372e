import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import { block, type Finding, pass } from "../../../finding";
import type { ContainerRef } from "../../../move";
import { isMade } from "../../../runtime/docker/exec";
import { FrameSplitter } from "../../../runtime/docker/frames";
import { findContainer } from "../../../runtime/docker/lookup";
import type { SshPool } from "../../../runtime/ssh/pool";
import { quote } from "../../../runtime/ssh/quote";

/** From where blue's database connects to green's, and what stands between them. */
export interface WayToGreen {
  /** Runs a shell command on the host of blue's database. */
  onBlue(command: string): Promise<{ exitCode: number; stdout: string; stderr: string }>;
  /** Green's MariaDB as seen from there. */
  address: { host: string; port: number };
  proxy: ContainerRef;
}

/** The first bytes that the server sends. */
const greetingScript = `exec 3<>"/dev/tcp/$0/$1" || exit 1; head -c 5 <&3 | od -An -tx1`;

/**
 * Whether blue's database reaches green's, which it follows after a flip. It connects from blue's host, as blue's
 * server would, and reads the server's greeting; it does not log in. Returns nothing where there is no proxy yet.
 */
export async function wayToGreen(way: WayToGreen, pool: SshPool): Promise<Finding[]> {
  const { proxy, address } = way;
  if (!(await isMade(proxy, pool))) return [];
  const since = Math.floor(Date.now() / 1000) - 1;
  const { host, port } = address;
  const { exitCode, stdout, stderr } = await way.onBlue(
    `timeout 10 bash -c ${quote(greetingScript)} ${quote(host)} ${port}`,
  );
  const where = `${host}:${port}`;
  if (exitCode !== 0) {
    const why = stderr.trim().split("\n").pop() || `no answer in 10 s, exit code ${exitCode}`;
    return [
      block(
        "REPL_NO_WAY_BACK",
        `blue's database host does not reach green's MariaDB at ${where} (${why}): after a flip blue could not follow`,
        "Set green.database.publishAddress to an address of green's host, open its port there to blue, and set green.database.replicationHost and green.database.replicationPort to what blue connects to",
      ),
    ];
  }
  const greeting = stdout.trim().split(/\s+/).filter(Boolean);
  if (greeting.length < 5) return [await turnedAway(where, proxy, pool, since)];
  // Version 10 of the protocol. An error packet (ff) says why the server refuses to talk.
  if (greeting[4] !== "0a") {
    return [
      block(
        "REPL_NO_WAY_BACK",
        `what answers at ${where} is not a MariaDB that accepts connections: after a flip blue could not follow`,
        `See what listens there, and \`docker logs ${proxy.container}\``,
      ),
    ];
  }
  return [pass("REPL_NO_WAY_BACK", `blue's database host reaches green's MariaDB at ${where}`)];
}

/** The connection ended without a greeting: the proxy closed it, or MariaDB behind it is down. */
async function turnedAway(where: string, ref: ContainerRef, pool: SshPool, since: number): Promise<Finding> {
  const container = await findContainer(ref, pool);
  const refused = container && (await refusedLately(container, since));
  if (refused === undefined) {
    return block(
      "REPL_NO_WAY_BACK",
      `green's proxy answers at ${where}, and MariaDB behind it does not: after a flip blue could not follow`,
      `See \`docker logs ${ref.container}\` and whether green's MariaDB runs`,
    );
  }
  const seen = await container?.inspect();
  const allowed = seen?.Config.Env?.find((line) => line.startsWith("ALLOW_FROM="))?.slice(11) ?? "";
  const gateways = Object.values(seen?.NetworkSettings.Networks ?? {}).map(({ Gateway }) => Gateway);
  return judgeRefusal({ where, refused, allowed, hidden: gateways.includes(refused) });
}

/** The address of the last client that the proxy's log says was refused. Pure. */
export function refusedAddress(log: string): string | undefined {
  const refused = [...log.matchAll(/^\s*(?:::ffff:)?([0-9a-f.:]+) PR$/gm)];
  return refused.pop()?.[1];
}

/** @param seen.hidden Whether the address is Docker's own: it then stands for everyone who uses that port. Pure. */
export function judgeRefusal(seen: {
  where: string;
  refused: string;
  allowed: string;
  hidden: boolean;
}): Finding {
  const { where, refused, allowed, hidden } = seen;
  const found = `green's proxy at ${where} refuses blue: it comes from ${refused}, and only ${allowed} may connect`;
  if (!hidden)
    return block(
      "REPL_NO_WAY_BACK",
      `${found}. After a flip blue could not follow`,
      `pulumi config set --path green.database.allowFrom ${refused}`,
    );
  return block(
    "REPL_NO_WAY_BACK",
    `${found}. ${refused} is Docker's own address on green's host, which hides the client's address. After a flip blue could not follow`,
    "Set \"userland-proxy\": false in /etc/docker/daemon.json on green's host and restart Docker; where it must hide addresses (rootless Docker), close that port to all but blue in the host's firewall and set " +
      `green.database.allowFrom to ${refused}`,
  );
}

/** The line appears in Docker's log a moment after the connection has ended. */
async function refusedLately(container: Docker.Container, since: number): Promise<string | undefined> {
  for (let attempt = 0; attempt < 10; attempt++) {
    const logs = await container.logs({ stdout: true, stderr: true, since, tail: 20 });
    const text = [...new FrameSplitter().split(logs)].map(({ data }) => data.toString()).join("");
    const refused = refusedAddress(text);
    if (refused !== undefined) return refused;
    await sleep(100);
  }
  return undefined;
}
