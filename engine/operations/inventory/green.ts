import { messageOf, WikiferryError } from "../../errors";
import type { ContainerRef } from "../../move";
import { dockerFor } from "../../runtime/docker/engine";
import type { EngineSession } from "../../session";
import type { Deposit } from "./deposit";

const ours = { filters: JSON.stringify({ label: ["wikiferry.side=green"] }) };

export interface GreenThings {
  containers: string[];
  networks: string[];
  volumes: string[];
}

/** What the stack created on green's Docker engine. @throws `DOCKER_UNREACHABLE` */
export async function greenThings({
  spec,
  pool,
}: Pick<EngineSession<{ green: { database: ContainerRef } }>, "spec" | "pool">): Promise<GreenThings> {
  const via = spec.green.database.dockerVia;
  const docker = dockerFor(via, pool);
  try {
    const [containers, networks, { Volumes }] = await Promise.all([
      docker.listContainers({ all: true, ...ours }),
      docker.listNetworks(ours),
      docker.listVolumes(ours),
    ]);
    return {
      containers: containers.map(({ Names, Id }) => Names[0]?.slice(1) ?? Id).sort(),
      networks: networks.map(({ Name }) => Name).sort(),
      volumes: (Volumes ?? []).map(({ Name }) => Name).sort(),
    };
  } catch (error) {
    if (error instanceof WikiferryError) throw error;
    throw new WikiferryError(
      "DOCKER_UNREACHABLE",
      `no answer from green's Docker engine (${messageOf(error)})`,
      "See that Docker runs there and that the user may open its socket",
      { cause: error },
    );
  }
}

const kinds: { kind: keyof GreenThings; name: string; byHand: string; askedFor?: string }[] = [
  { kind: "containers", name: "containers", byHand: "docker rm -f" },
  { kind: "networks", name: "network", byHand: "docker network rm" },
  { kind: "volumes", name: "volumes", byHand: "docker volume rm", askedFor: "--remove-volume NAME" },
];

export const dockerThings: readonly Deposit[] = kinds.map(({ kind, name, byHand, askedFor }) => ({
  name,
  side: "green" as const,
  where: ({ green }) => `Docker on ${green.database.dockerVia?.host ?? "this machine"}`,
  async see(move) {
    const names = (await greenThings(move))[kind];
    return names.length === 0 ? undefined : names.join(" ");
  },
  staysRetired: "green serves the wiki",
  ...(askedFor ? { askedFor } : {}),
  byHand: () => `${byHand} what is labelled wikiferry.side=green`,
}));
