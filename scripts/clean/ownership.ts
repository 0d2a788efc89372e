import { repositoryOf } from "../../engine/runtime/docker/imageFolder";

/** Tags that the set-up created: of the project's own services, whatever their content, and of the bases. */
export function setUpTags(
  tags: readonly string[],
  { services, bases }: { services: readonly string[]; bases: readonly string[] },
): string[] {
  const ours = new Set(services.map(repositoryOf));
  return tags.filter((tag) => bases.includes(tag) || ours.has(tag.slice(0, tag.lastIndexOf(":")))).sort();
}
