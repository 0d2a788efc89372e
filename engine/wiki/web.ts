import { setTimeout as sleep } from "node:timers/promises";
import type { Move } from "../context";
import { execInContainer } from "../docker/exec";
import { WikiferryError } from "../errors";
import type { Side } from "../move";
import { Wiki } from "../web/wiki";

/** What a flip asks of a side's web tier. */
export interface WebTier {
  /** Waits until MediaWiki takes edits. @throws `WEB_READ_ONLY` */
  awaitWritable(timeoutMs: number): Promise<unknown>;
}

export function webOf(move: Move, side: Side): WebTier {
  const { blue } = move.spec;
  if (side === "green") return new GreenWeb(move);
  return new Wiki({ ...blue.web.address, via: blue.web.ssh }, move.spec.wiki, move.pool);
}

/** Green's MediaWiki is reached from inside its container only: nothing of it is published but the gate. */
class GreenWeb implements WebTier {
  constructor(private readonly move: Move) {}

  async awaitWritable(timeoutMs: number): Promise<void> {
    const { wiki, green } = this.move.spec;
    const url = `http://127.0.0.1:${green.mediawiki.address.port}${wiki.apiPath}?action=query&meta=siteinfo&siprop=general&format=json&formatversion=2`;
    const php = `$c = stream_context_create(["http" => ["header" => "Host: ${new URL(wiki.serverUrl).host}", "timeout" => 5]]); echo file_get_contents(${JSON.stringify(url)}, false, $c);`;
    const end = performance.now() + timeoutMs;
    for (;;) {
      const { stdout } = await execInContainer(green.mediawiki, ["php", "-r", php], this.move.pool);
      const found = describe(stdout);
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
