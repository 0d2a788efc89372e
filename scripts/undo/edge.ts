import Cloudflare from "cloudflare";
import { messageOf, WikiferryError } from "../../engine/errors";
import type { MediaWikiConfig } from "../../stacks/mediawiki/config";
import { type CloudflareRecord, cloudflareOf } from "../../stacks/mediawiki/edge";

/** How long Cloudflare may take to answer, in milliseconds. */
const answerMs = 10_000;

/**
 * Refuses to remove the gate while people's requests may come through it. If we manage the edge, it is asked. What
 * can't be asked, such as DNS at a registrar, its owner confirms with the wiki's name.
 * @throws `UNDO_GATE_SERVES`
 */
export async function refuseWhileGateServes(
  { name: wiki, edge }: Pick<MediaWikiConfig, "name" | "edge">,
  confirmed: string | undefined,
): Promise<void> {
  const cloudflare = cloudflareOf(edge);
  if (cloudflare) {
    const content = await contentOf(cloudflare);
    if (content === cloudflare.target) {
      throw gateServes(
        `the DNS record ${cloudflare.record} points at the gate (${content}), so removing the gate would take the site away`,
        `Set it back to blue's address at Cloudflare, wait for its TTL to pass, then run this again with --traffic-on-blue ${wiki}`,
      );
    }
  }
  if (confirmed === wiki) return;
  throw gateServes(
    confirmed === undefined
      ? "the gate carries the traffic, so removing it would take the site away"
      : `--traffic-on-blue is ${JSON.stringify(confirmed)}, wanted the wiki's name, ${wiki}`,
    `Point DNS and CDN back to blue, wait until nobody asks the gate any more, then run this again with --traffic-on-blue ${wiki}; or keep the gate with --keep-green`,
  );
}

async function contentOf({ apiToken, zoneId, record: name, target }: CloudflareRecord) {
  const client = new Cloudflare({ apiToken, timeout: answerMs, maxRetries: 1 });
  try {
    const { result } = await client.dns.records.list({
      zone_id: zoneId,
      name: { exact: name },
    });
    const records = result.filter((record) => ["A", "AAAA", "CNAME"].includes(record.type ?? ""));
    return records.find(({ content }) => content === target)?.content ?? records[0]?.content;
  } catch (error) {
    throw gateServes(
      `Cloudflare did not say where ${name} points (${messageOf(error)})`,
      "See that edge.apiToken may read the zone's DNS, then run this again; or keep the gate with --keep-green",
    );
  }
}

function gateServes(found: string, remedy: string): WikiferryError {
  return new WikiferryError("UNDO_GATE_SERVES", found, remedy);
}
