import { repositoryOf } from "../../engine/runtime/docker/imageFolder";

/** Tags that the set-up created: of the project's own services, whatever their content, and of the base. */
export function setUpTags(
  tags: readonly string[],
  { services, base }: { services: readonly string[]; base: string },
): string[] {
  const ours = new Set(services.map(repositoryOf));
  return tags.filter((tag) => tag === base || ours.has(tag.slice(0, tag.lastIndexOf(":")))).sort();
}
