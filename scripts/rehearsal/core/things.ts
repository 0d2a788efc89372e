import type Docker from "dockerode";
import { WikiferryError } from "../../../engine/errors";
import { rehearsalLabel } from "../../common/rehearsalId";

/** A container, volume or network on a Docker engine. */
export interface EngineThing {
  kind: "container" | "volume" | "network";
  name: string;
  /** By which it is removed: another one may have its name by then. Of a volume its name. */
  id: string;
  labels: Readonly<Record<string, string>>;
}

/** All that is on an engine. */
export async function thingsOn(docker: Docker): Promise<EngineThing[]> {
  const [containers, { Volumes }, networks] = await Promise.all([
    docker.listContainers({ all: true }),
    docker.listVolumes(),
    docker.listNetworks(),
  ]);
  return [
    ...containers.map(({ Names, Id, Labels }) => ({
      kind: "container" as const,
      name: Names[0]?.slice(1) ?? Id,
      id: Id,
      labels: Labels ?? {},
    })),
    ...(Volumes ?? []).map(({ Name, Labels }) => ({
      kind: "volume" as const,
      name: Name,
      id: Name,
      labels: Labels ?? {},
    })),
    ...networks.map(({ Name, Id, Labels }) => ({
      kind: "network" as const,
      name: Name,
      id: Id,
      labels: Labels ?? {},
    })),
  ];
}

/** One of the two sides of a rehearsal. */
export interface Scope {
  /** On all that the rehearsal makes of this side, besides its id. */
  label: { name: string; value: string };
  /**
   * Whether a rehearsal would make a thing of this kind and name, or takes one of this label for a real move's; then nobody
   * else's may be there.
   */
  claims(thing: EngineThing): boolean;
  /** Of the error where somebody else's is there. */
  code: string;
}

const isOwn = (thing: EngineThing, id: string) => thing.labels[rehearsalLabel] === id;

/** What the rehearsal of this id made of a side. Pure. */
export const own = (things: readonly EngineThing[], { label }: Scope, id: string): EngineThing[] =>
  things.filter((thing) => isOwn(thing, id) && thing.labels[label.name] === label.value);

/** What is in the way of a side and not proved to be this rehearsal's: a real move's, or another checkout's. Pure. */
export const strangers = (things: readonly EngineThing[], scope: Scope, id: string): EngineThing[] =>
  things.filter((thing) => !isOwn(thing, id) && scope.claims(thing));

/** @throws the scope's code, naming what is there of others */
export function refuseStrangers(things: readonly EngineThing[], scope: Scope, id: string): void {
  const found = strangers(things, scope, id);
  if (found.length === 0) return;
  const named = found.map(({ kind, name, labels }) => {
    const other = labels[rehearsalLabel];
    return `${kind} ${name} (${other ? `the rehearsal ${other}` : "a real move's, or made by hand"})`;
  });
  const others = [...new Set(found.map(({ labels }) => labels[rehearsalLabel]).filter(Boolean))];
  throw new WikiferryError(
    scope.code,
    `${named.join(", ")} on this Docker engine ${found.length === 1 ? "is" : "are"} not of this checkout's rehearsal, ${id}`,
    [
      "Nothing was touched: only what this checkout's rehearsal made is ever removed",
      ...(others.length > 0
        ? [
            `\`npm run clean\` in the checkout of that rehearsal removes it, or here \`WIKIFERRY_REHEARSAL_ID=${others[0]} npm run clean\``,
          ]
        : []),
    ].join(". "),
  );
}

/**
 * Removes what the rehearsal of this id made of a side, containers first; looks once more at each volume's label right
 * before. Somebody else's on that side is a refusal, before anything is removed.
 *
 * @param which Of these, all by default.
 * @throws the scope's code
 */
export async function removeOwn(
  docker: Docker,
  scope: Scope,
  id: string,
  which: (thing: EngineThing) => boolean = () => true,
): Promise<EngineThing[]> {
  const things = await thingsOn(docker);
  refuseStrangers(things, scope, id);
  const ours = own(things, scope, id).filter(which);
  const of = (kind: EngineThing["kind"]) => ours.filter((thing) => thing.kind === kind);
  await Promise.all(
    of("container").map((thing) => orGone(docker.getContainer(thing.id).remove({ force: true, v: true }))),
  );
  for (const thing of of("volume")) {
    const volume = docker.getVolume(thing.id);
    const found = await orGone(volume.inspect());
    if (found && isOwn({ ...thing, labels: found.Labels ?? {} }, id)) await orGone(volume.remove());
  }
  for (const thing of of("network")) await orGone(docker.getNetwork(thing.id).remove());
  return ours;
}

/** The answer, or undefined where the engine has no such thing any more. */
async function orGone<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
}
