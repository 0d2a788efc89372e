import Cloudflare from "cloudflare";
import { messageOf, WikiferryError } from "../../engine/errors";
import type { MediaWikiConfig } from "../../stacks/mediawiki/config";

type EdgeConfig = Pick<
  MediaWikiConfig,
  "wiki.name" | "edge.kind" | "edge.zoneId" | "edge.record" | "edge.target" | "edge.apiToken"
>;

/** How long Cloudflare may take to answer, in milliseconds. */
const answerMs = 10_000;

/**
 * Refuses to remove the gate while people's requests may come through it. If we manage the edge, it is asked. What
 * can't be asked, such as DNS at a registrar, its owner confirms with the wiki's name.
 * @throws `UNDO_GATE_SERVES`
 */
export async function refuseWhileGateServes(
  config: EdgeConfig,
  confirmed: string | undefined,
): Promise<void> {
  const wiki = config["wiki.name"];
  if (config["edge.kind"] === "cloudflare") {
    const content = await contentOf(config);
    if (content === config["edge.target"]) {
      throw gateServes(
        `the DNS record ${config["edge.record"]} points at the gate (${content}), so removing the gate would take the site away`,
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

async function contentOf(config: EdgeConfig): Promise<string | undefined> {
  const client = new Cloudflare({ apiToken: config["edge.apiToken"], timeout: answerMs, maxRetries: 1 });
  const name = config["edge.record"];
  try {
    const { result } = await client.dns.records.list({
      zone_id: config["edge.zoneId"],
      name: { exact: name },
    });
    const records = result.filter((record) => ["A", "AAAA", "CNAME"].includes(record.type ?? ""));
    return records.find(({ content }) => content === config["edge.target"])?.content ?? records[0]?.content;
  } catch (error) {
    throw gateServes(
      `Cloudflare did not say where ${name} points (${messageOf(error)})`,
      "See that edge.apiToken may read the zone's DNS, then run this again; or keep the gate with --keep-green",
    );
  }
}

function gateServes(found: string, wayOut: string): WikiferryError {
  return new WikiferryError("UNDO_GATE_SERVES", found, wayOut);
}
