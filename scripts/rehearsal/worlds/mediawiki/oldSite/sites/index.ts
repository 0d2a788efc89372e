import { WikiferryError } from "../../../../../../engine/errors";
import { bookworm } from "./bookworm";
import { bullseye } from "./bullseye/index";
import type { Site } from "./site";
import { trixie } from "./trixie/index";

export const sites = { bookworm, bullseye, trixie } as const;
export type SiteName = keyof typeof sites;
export const siteNames = Object.keys(sites) as SiteName[];

/** @throws `WORLD_NAME` */
export function siteOf(name: string): Site {
  const site = siteNames.find((one) => one === name);
  if (site) return sites[site];
  throw new WikiferryError(
    "WORLD_NAME",
    `There is no old site called "${name}"`,
    `Choose one of ${siteNames.join(", ")}.`,
  );
}
