import type { Site } from "./site";

export type Titles = Pick<Site, "namespaces" | "specialPages">;

const spaced = (title: string) => title.replace(/[_ ]+/g, " ").trim();
const lower = (name: string) => spaced(name).toLowerCase();

/** A title's namespace and what follows it; namespace 0 where it begins with none. */
export function splitTitle(title: string, site: Titles): { namespace: number; rest: string } {
  const at = title.indexOf(":");
  const name = at < 0 ? "" : lower(title.slice(0, at));
  const found =
    name && site.namespaces.find(({ id, names }) => id !== 0 && names.some((one) => lower(one) === name));
  return found
    ? { namespace: found.id, rest: spaced(title.slice(at + 1)) }
    : { namespace: 0, rest: spaced(title) };
}

/** The special page that a title names, by MediaWiki's own name where that is known, and whether a subpage follows. */
export function specialPage(rest: string, site: Titles): { realName: string; subpage: boolean } {
  const at = rest.indexOf("/");
  const name = at < 0 ? rest : rest.slice(0, at);
  const same = (one: string) => lower(one) === lower(name);
  const found = site.specialPages.find(({ realName, aliases }) => [realName, ...aliases].some(same));
  return { realName: found?.realName ?? name, subpage: at >= 0 };
}
