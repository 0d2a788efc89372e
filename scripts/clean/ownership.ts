/** What is asked of a green container to tell whose it is. */
export interface GreenContainer {
  name: string;
  networks: readonly string[];
}

/** The rehearsal's "internet", on which these of its green containers are. */
const rehearsalNetwork = "wikiferry-wan";
const onBoth = /^green-(mariadb|courier|gate)$/;

/**
 * Green containers that can't be a rehearsal's: the new side of a real wiki carries the same names and labels when it
 * runs on this machine, but is not on the rehearsal's network.
 */
export function foreign(containers: readonly GreenContainer[]): string[] {
  return containers
    .filter(({ name, networks }) => onBoth.test(name) && !networks.includes(rehearsalNetwork))
    .map(({ name }) => name);
}

/** Tags that the set-up made: of the project's own services, whatever their content, and the base. */
export function setUpTags(
  tags: readonly string[],
  { services, base }: { services: readonly string[]; base: string },
): string[] {
  const ours = new Set(services.map((service) => `wikiferry/${service}`));
  return tags.filter((tag) => tag === base || ours.has(tag.slice(0, tag.lastIndexOf(":")))).sort();
}
