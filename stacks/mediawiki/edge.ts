import { WikiferryError } from "../../engine/errors";
import type { MediaWikiConfig } from "./config";

/** What Cloudflare needs to know of the wiki's DNS record. */
export interface CloudflareRecord {
  zoneId: string;
  record: string;
  target: string;
  apiToken: string;
  proxied: boolean;
}

/** The wiki's record at Cloudflare, if that is the edge. @throws `CONFIG_MISSING_KEY` where a key of it is not set */
export function cloudflareOf(edge: MediaWikiConfig["edge"]): CloudflareRecord | undefined {
  if (edge.kind !== "cloudflare") return undefined;
  const { zoneId, record, target, apiToken, proxied } = edge;
  const [missing] = Object.entries({ zoneId, record, target, apiToken }).find(([, value]) => !value) ?? [];
  if (missing) {
    throw new WikiferryError(
      "CONFIG_MISSING_KEY",
      `edge.${missing} is not set, and edge.kind is cloudflare`,
      `pulumi config set --path ${missing === "apiToken" ? "--secret edge.apiToken" : `edge.${missing} VALUE`}`,
    );
  }
  return { zoneId, record, target, apiToken, proxied } as CloudflareRecord;
}
