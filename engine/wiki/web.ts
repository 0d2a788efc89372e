import { setTimeout as sleep } from "node:timers/promises";
import type { Move } from "../context";
import { execInContainer } from "../docker/exec";
import { WikiferryError } from "../errors";
import type { Side } from "../move";
import { Wiki } from "../web/wiki";

/** How many requests at a time warm a web tier: each meets another process of it. */
const warmers = 4;

/** What a flip asks of a side's web tier. */
export interface WebTier {
  /** Fills its processes and caches, so that the first request after the flip is not the slow one. */
  warm(): Promise<void>;
  /** Waits until MediaWiki takes edits. @throws `WEB_READ_ONLY` */
  awaitWritable(timeoutMs: number): Promise<unknown>;
}

export function webOf(move: Move, side: Side): WebTier {
  const { blue } = move.spec;
  if (side === "green") return new GreenWeb(move);
  const wiki = new Wiki({ ...blue.web.address, via: blue.web.ssh }, move.spec.wiki, move.pool);
  return {
    awaitWritable: (timeoutMs) => wiki.awaitWritable(timeoutMs),
    async warm() {
      for (let round = 0; round < 2; round++) {
        await Promise.all(Array.from({ length: warmers }, () => wiki.siteInfo()));
      }
    },
  };
}

/** Green's MediaWiki is reached from inside its container only: nothing of it is published but the gate. */
class GreenWeb implements WebTier {
  constructor(private readonly move: Move) {}

  async warm(): Promise<void> {
    await Promise.all(Array.from({ length: warmers }, () => this.siteInfo()));
  }

  private async siteInfo(): Promise<string> {
    const { wiki, green } = this.move.spec;
    const url = `http://127.0.0.1:${green.mediawiki.address.port}${wiki.apiPath}?action=query&meta=siteinfo&siprop=general&format=json&formatversion=2`;
    const php = `$c = stream_context_create(["http" => ["header" => "Host: ${new URL(wiki.serverUrl).host}", "timeout" => 5]]); echo file_get_contents(${JSON.stringify(url)}, false, $c);`;
    return (await execInContainer(green.mediawiki, ["php", "-r", php], this.move.pool)).stdout;
  }

  async awaitWritable(timeoutMs: number): Promise<void> {
    const end = performance.now() + timeoutMs;
    for (;;) {
      const found = describe(await this.siteInfo());
      if (found === undefined) return;
      if (performance.now() > end) {
        throw new WikiferryError(
          "WEB_READ_ONLY",
          `green's MediaWiki ${found} after ${timeoutMs} ms`,
          "See `docker logs green-mediawiki`, and whether its database is open",
        );
      }
      await sleep(20);
    }
  }
}

/** What keeps it from taking edits; undefined if nothing does. */
function describe(answer: string): string | undefined {
  let general: { generator?: string; readonly?: boolean; readonlyreason?: string } | undefined;
  try {
    general = JSON.parse(answer).query.general;
  } catch {
    general = undefined;
  }
  if (!general?.generator) return "does not answer its API";
  return general.readonly ? `is read-only (${general.readonlyreason ?? "no reason given"})` : undefined;
}
