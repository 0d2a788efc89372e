import type { z } from "zod";
import { flag, oneOf, secret, section, text } from "../common/config/schema";

const ofCloudflare = ["zoneId", "record", "target", "apiToken"] as const;

export const edge = section("What stands in front of the gate.", {
  kind: oneOf(["none", "cloudflare"], "Its kind. Phase switch points it at the gate.").default("none"),
  zoneId: text("Cloudflare's zone; edge.kind cloudflare needs it.").optional(),
  record: text("The wiki's DNS name in that zone; edge.kind cloudflare needs it.").optional(),
  target: text("Public IP address of the gate; edge.kind cloudflare needs it.").optional(),
  apiToken: secret(
    "Cloudflare API token with the right to edit the zone's DNS; edge.kind cloudflare needs it.",
  ).optional(),
  proxied: flag("Whether Cloudflare proxies the record.").default(true),
}).superRefine((value, context) => {
  if (value.kind !== "cloudflare") return;
  for (const name of ofCloudflare)
    if (value[name] === undefined)
      context.addIssue({ code: "custom", path: [name], message: "is needed by edge.kind cloudflare" });
});

type Edge = z.output<typeof edge>;

/** What Cloudflare needs to know about the wiki's DNS record. */
export type CloudflareRecord = Required<Omit<Edge, "kind">>;

/** The wiki's record at Cloudflare, if that is the edge. */
export function cloudflareOf({ kind, ...record }: Edge): CloudflareRecord | undefined {
  // The schema has checked that none of it is missing.
  return kind === "cloudflare" ? (record as CloudflareRecord) : undefined;
}
