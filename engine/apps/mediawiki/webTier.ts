import { setTimeout as sleep } from "node:timers/promises";
import pLimit from "p-limit";
import { WikiferryError } from "../../errors";
import type { MoveSpec, Side } from "../../move";
import { Conversation } from "../../runtime/docker/conversation";
import type { EngineSession } from "../../session";
import { askOver } from "../http/http";
import { readSiteInfo, siteInfoQuery } from "./siteInfo";
import { type WarmingRequest, warmingRequests } from "./warming";
import { gateHeaders, Wiki } from "./wiki";

/** Number of parallel requests that warm a web tier: each reaches a different process. */
const warmers = 4;

/** How long one answer may take, in milliseconds. */
const answerMs = 10_000;

/** How long a warming request may take, in milliseconds: the first one of a freshly started web server takes longer. */
const warmingMs = 20_000;

/** What a flip needs from a side's web tier. Close it. */
export interface WebTier {
  /** Fills its processes and caches, so that the first request after the flip is not slow. */
  warm(): Promise<void>;
  /** Waits until MediaWiki takes edits. @throws `WEB_READ_ONLY` */
  awaitWritable(timeoutMs: number): Promise<unknown>;
  close(): void;
}

export interface BlueWebSpec {
  wiki: Pick<MoveSpec["wiki"], "serverUrl" | "apiPath">;
  blue: { web: Pick<MoveSpec["blue"]["web"], "ssh" | "address" | "tls"> };
}

export interface WebSpec extends BlueWebSpec {
  green: Pick<MoveSpec["green"], "mediawiki">;
}

export function webOf(move: EngineSession<WebSpec>, side: Side): WebTier {
  const { blue } = move.spec;
  if (side === "green") return new GreenWeb(move);
  const wiki = blueWiki(move);
  return {
    awaitWritable: (timeoutMs) => wiki.awaitWritable(timeoutMs),
    async warm() {
      await Promise.all(Array.from({ length: warmers }, () => wiki.siteInfo()));
      const headers = gateHeaders(move.spec.wiki);
      const open = () => move.pool.stream({ ...blue.web.address, via: blue.web.ssh });
      const limit = pLimit(warmers);
      // Each twice: the second request reads what the first one loads into a cache.
      const all = [...warmingRequests(move.spec.wiki), ...warmingRequests(move.spec.wiki)];
      // A wiki that can't do one of these can still serve.
      const one = (what: WarmingRequest) =>
        askOver(open, blue.web.tls, { ...what, headers }, warmingMs).catch(() => {});
      await Promise.all(all.map((what) => limit(() => one(what))));
    },
    close() {},
  };
}

/** Blue's MediaWiki, asked from its own host, by TLS where the gate uses TLS. */
export function blueWiki({ spec: { wiki, blue }, pool }: EngineSession<BlueWebSpec>): Wiki {
  return new Wiki({ ...blue.web.address, via: blue.web.ssh, tls: blue.web.tls }, wiki, pool);
}

/**
 * Green's MediaWiki can be reached only from inside its container: nothing of green is published but the gate. One PHP
 * process there sends the tool's requests, one for each line of its input, and stays alive from the warming on.
 */
class GreenWeb implements WebTier {
  private asker: Conversation | undefined;

  constructor(private readonly move: EngineSession<WebSpec>) {}

  async warm(): Promise<void> {
    const askers = await Promise.all(Array.from({ length: warmers }, () => this.start()));
    const all = [...warmingRequests(this.move.spec.wiki), ...warmingRequests(this.move.spec.wiki)];
    await Promise.all(
      askers.map(async (asker, i) => {
        await ask(asker, this.question);
        for (const what of all.filter((_, n) => n % warmers === i)) await ask(asker, what);
      }),
    );
    this.close();
    this.asker = askers.shift();
    for (const asker of askers) asker.finish();
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

  close(): void {
    this.asker?.finish();
    this.asker = undefined;
  }

  private async siteInfo(): Promise<string> {
    if (this.asker) {
      try {
        return await ask(this.asker, this.question);
      } catch {
        // The container has been replaced since, so a different process asks it.
        this.asker.close();
      }
    }
    this.asker = await this.start();
    return ask(this.asker, this.question);
  }

  private get question(): WarmingRequest {
    return { path: `${this.move.spec.wiki.apiPath}${siteInfoQuery}` };
  }

  private start(): Promise<Conversation> {
    const { wiki, green } = this.move.spec;
    const base = `http://127.0.0.1:${green.mediawiki.port}`;
    const head = Object.entries(gateHeaders(wiki)).map(([name, value]) => `${name}: ${value}`);
    const php = [
      "while (($line = fgets(STDIN)) !== false) {",
      "$ask = json_decode($line, true);",
      `$head = ${JSON.stringify([...head, "Content-Type: application/x-www-form-urlencoded"])};`,
      '$http = ["header" => $head, "timeout" => 5, "follow_location" => 0, "ignore_errors" => true];',
      'if (isset($ask["form"])) $http += ["method" => "POST", "content" => $ask["form"]];',
      `$got = (string)@file_get_contents("${base}" . $ask["path"], false, stream_context_create(["http" => $http]));`,
      'echo strtr($got, "\n", " "), "\n";',
      "}",
    ].join(" ");
    return Conversation.start(green.mediawiki, ["php", "-r", php], this.move.pool);
  }
}

function ask(asker: Conversation, what: WarmingRequest): Promise<string> {
  asker.say(`${JSON.stringify(what)}\n`);
  return asker.line(answerMs);
}

/** What keeps it from taking edits; undefined if nothing does. */
function describe(answer: string): string | undefined {
  try {
    const { readOnly, readOnlyReason } = readSiteInfo(
      { status: 200, body: answer },
      "green's MediaWiki",
      "its API",
    );
    return readOnly ? `is read-only (${readOnlyReason || "no reason given"})` : undefined;
  } catch {
    return "does not answer its API";
  }
}
