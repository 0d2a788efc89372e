import { setTimeout as sleep } from "node:timers/promises";
import { messageOf, WikiferryError } from "../../errors";
import type { Address, MoveSpec } from "../../move";
import { describeAddress } from "../../runtime/ssh/connection";
import type { SshPool } from "../../runtime/ssh/pool";
import { askOver, type TlsCheck, TlsError } from "../http/http";
import { type ApiAnswer, readSiteInfo, type SiteInfo, siteInfoQuery } from "./siteInfo";

/** A MediaWiki at an address, asked under the wiki's public name whatever the address is. */
export class Wiki {
  constructor(
    private readonly address: Address & { tls?: TlsCheck },
    private readonly wiki: Pick<MoveSpec["wiki"], "serverUrl" | "apiPath">,
    private readonly pool: SshPool,
  ) {}

  /**
   * @param timeoutMs Defaults to 10,000.
   * @throws `WEB_UNREACHABLE` without an answer, and as `readSiteInfo`
   */
  async siteInfo(timeoutMs = 10_000): Promise<SiteInfo> {
    const answer = await this.get(this.wiki.apiPath + siteInfoQuery, timeoutMs);
    return readSiteInfo(answer, this.where, this.wiki.apiPath);
  }

  /**
   * Waits until MediaWiki takes edits. Returns how long that took, in milliseconds. MediaWiki keeps a read-only answer
   * of its database for up to 5 s (1.39, `rdbms-server-readonly`). The last request may take up to a second longer than
   * `timeoutMs`, to tell a wiki that answers from one that does not.
   * @throws `WEB_READ_ONLY`, and as `siteInfo`
   */
  async awaitWritable(timeoutMs: number): Promise<number> {
    const started = performance.now();
    for (;;) {
      const leftMs = timeoutMs - (performance.now() - started);
      const info = await this.siteInfo(Math.max(1_000, leftMs));
      const waitedMs = performance.now() - started;
      if (!info.readOnly) return waitedMs;
      if (waitedMs >= timeoutMs) {
        throw new WikiferryError(
          "WEB_READ_ONLY",
          `${this.where} was still read-only after ${timeoutMs} ms (${info.readOnlyReason})`,
          "See whether its database is open, and whether $wgReadOnly or $wgReadOnlyFile locks it",
        );
      }
      await sleep(20);
    }
  }

  private get where(): string {
    return `the wiki at ${describeAddress(this.address)}`;
  }

  /** One GET with the wiki's Host header, over its own connection. */
  private async get(path: string, timeoutMs: number): Promise<ApiAnswer> {
    try {
      const { status, headers, body } = await askOver(
        () => this.pool.stream(this.address),
        this.address.tls,
        { path, headers: gateHeaders(this.wiki) },
        timeoutMs,
      );
      return { status, body: body.toString(), location: headers.location };
    } catch (error) {
      if (error instanceof WikiferryError) throw error;
      if (error instanceof TlsError) throw tlsRefused(this.where, error);
      throw new WikiferryError(
        "WEB_UNREACHABLE",
        `no answer from ${this.where} (${messageOf(error)})`,
        "See that its web server runs and that the address is right",
        { cause: error },
      );
    }
  }
}

/** What the gate tells a side about each request: the wiki's own name, and the protocol that its clients use. */
export function gateHeaders({ serverUrl }: Pick<MoveSpec["wiki"], "serverUrl">): Record<string, string> {
  const { host, protocol } = new URL(serverUrl);
  return { host, "x-forwarded-proto": protocol.replace(":", "") };
}

/** @param where Who was asked, in words. */
export function tlsRefused(where: string, error: TlsError): WikiferryError {
  return new WikiferryError(
    "WEB_TLS",
    `${where} has no TLS, or not with the expected certificate (${error.message})`,
    "See that blue.web.httpPort speaks TLS, that its certificate names blue.web.tlsName (wiki.serverUrl's host unless set) and that blue.web.tlsCa signed it",
    { cause: error },
  );
}
