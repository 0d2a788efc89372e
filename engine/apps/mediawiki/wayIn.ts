import { messageOf, WikiferryError } from "../../errors";
import { asked, block, type Finding, pass } from "../../finding";
import type { MoveSpec } from "../../move";
import { askOver, type HttpAnswer, TlsError } from "../http/http";
import { readSiteInfo, siteInfoQuery } from "./siteInfo";
import type { Way } from "./ways";
import { gateHeaders, tlsRefused } from "./wiki";

/** What the owner accepts explicitly. */
export interface Accepted {
  /** `blue.web.allowPlainHttp` */
  plainHttp: boolean;
  /** `blue.web.allowGateAddress` */
  gateAddress: boolean;
}

interface Question {
  wiki: Pick<MoveSpec["wiki"], "serverUrl" | "apiPath">;
  blue: { web: Pick<MoveSpec["blue"]["web"], "address" | "tls"> };
}

/** A client address that belongs to nobody (RFC 5737), for the header that the gate sets. */
const clientAddress = "198.51.100.77";

/** How long one answer from blue may take, in milliseconds. */
const answerMs = 30_000;

/** After this many redirects a browser, too, assumes a loop. */
const mostRedirects = 8;

/** Asks blue as the gate will, and reports whether people can be sent that way. Never writes. */
export async function wayInFindings(spec: Question, way: Way, accepted: Accepted): Promise<Finding[]> {
  const [root, api, client] = await Promise.all([
    asked(() => redirects(spec, way)),
    asked(() => readRight(spec, way)),
    asked(() => addresses(spec, way, accepted.gateAddress)),
  ]);
  // What keeps the root from being served keeps the API from it, too: one cause is reported once.
  const found = root.severity === "block" ? [root] : [root, api, client];
  const once = new Map(found.map((finding) => [finding.code + finding.found, finding]));
  return [plainHttpFinding(spec, accepted.plainHttp), ...once.values()];
}

/** Passwords and sessions travel from the gate to blue as they came from the client, who relies on HTTPS. */
export function plainHttpFinding({ wiki, blue }: Question, allowed: boolean): Finding {
  const code = "WEB_PLAIN_HTTP";
  const way = `from the gate to ${blue.web.address.host}:${blue.web.address.port}`;
  if (blue.web.tls) return pass(code, `${way} TLS is spoken, for ${blue.web.tls.name}`);
  if (!wiki.serverUrl.startsWith("https:")) return pass(code, "the wiki is served by plain HTTP");
  const found = `the wiki is ${wiki.serverUrl}, and passwords would go by plain HTTP ${way}`;
  if (allowed) return pass(code, `${found}, which blue.web.allowPlainHttp accepts`);
  return block(
    code,
    found,
    "Set blue.web.tls to true, or, where nobody else can listen on that network, blue.web.allowPlainHttp",
  );
}

/** Where a client ends up that asks for the wiki's root. */
async function redirects(spec: Question, way: Way): Promise<Finding> {
  const code = "WEB_REDIRECT_LOOP";
  const { host } = new URL(spec.wiki.serverUrl);
  const seen: string[] = [];
  let path = "/";
  for (;;) {
    const { status, headers } = await ask(spec, way, path);
    if (status < 300 || status > 399 || !headers.location)
      return pass(
        code,
        `blue serves / through the gate's path with status ${status} (asked from ${way.from})`,
      );
    const target = new URL(headers.location, `${spec.wiki.serverUrl}${path}`);
    seen.push(path);
    if (target.host !== host) {
      return block(
        "WEB_REDIRECT_AWAY",
        `blue sends whoever asks the gate for ${path} to ${target.origin} (asked from ${way.from})`,
        `Let blue's web server serve ${host} itself for requests with X-Forwarded-Proto, or set wiki.serverUrl to $wgServer`,
      );
    }
    path = target.pathname + target.search;
    if (seen.includes(path) || seen.length > mostRedirects) {
      return block(
        code,
        `blue answers ${path} through the gate's path with a redirect to ${target.href} again and again (asked from ${way.from})`,
        "Blue's web server redirects plain HTTP to HTTPS: set blue.web.tls to true, or let it pass requests with X-Forwarded-Proto: https",
      );
    }
  }
}

/** A MediaWiki answers, and anyone may read it. */
async function readRight(spec: Question, way: Way): Promise<Finding> {
  const { apiPath } = spec.wiki;
  const { status, headers, body } = await ask(spec, way, apiPath + siteInfoQuery);
  const answer = { status, body: body.toString(), location: headers.location };
  const { anonymousRead } = readSiteInfo(answer, `blue, asked from ${way.from},`, apiPath);
  return anonymousReadFinding(anonymousRead);
}

/** Green's settings are not blue's: what is closed on blue would be open on green. */
export function anonymousReadFinding(anonymousRead: boolean): Finding {
  const code = "APP_PRIVATE";
  if (anonymousRead) return pass(code, "everybody may read blue");
  return block(
    code,
    "on blue only people who are logged in may read ($wgGroupPermissions['*']['read'] = false), and green would show every page and file to anybody",
    "Leave this wiki where it is: green does not take over blue's read rights yet",
  );
}

/**
 * Whether MediaWiki there trusts the gate's header for the client's address, which it uses as the name of an anonymous
 * user.
 */
async function addresses(spec: Question, way: Way, allowed: boolean): Promise<Finding> {
  const code = "APP_CLIENT_ADDRESS";
  const query = "?action=query&meta=userinfo&format=json&formatversion=2";
  const { body } = await ask(spec, way, spec.wiki.apiPath + query, { "x-forwarded-for": clientAddress });
  let name: unknown;
  try {
    name = JSON.parse(body.toString()).query.userinfo.name;
  } catch {
    name = undefined;
  }
  if (name === clientAddress)
    return pass(code, `blue takes the client's address from the gate's header (asked from ${way.from})`);
  if (typeof name !== "string") return pass(code, "blue does not report which address it sees");
  if (!way.likeTheGate)
    return pass(
      code,
      `whether blue trusts the gate's header can be asked once green exists, not from ${way.from}`,
    );
  const found = `blue's MediaWiki sees the gate's address (${name}) in place of each client's: blocks, rate limits and page histories would name it (asked from ${way.from})`;
  if (allowed) return pass(code, `${found}; blue.web.allowGateAddress accepts that`);
  return block(
    code,
    found,
    `Add '${name}' to $wgCdnServersNoPurge in blue's LocalSettings.php (or to RemoteIPInternalProxy, set_real_ip_from), or accept it with blue.web.allowGateAddress`,
  );
}

async function ask(
  { wiki, blue }: Question,
  way: Way,
  path: string,
  headers: Record<string, string> = {},
): Promise<HttpAnswer> {
  const { address, tls } = blue.web;
  const question = { path, headers: { ...gateHeaders(wiki), ...headers } };
  try {
    return await askOver(() => way.connect(address), tls, question, answerMs);
  } catch (error) {
    if (error instanceof WikiferryError) throw error;
    const where = `blue's web server at ${address.host}:${address.port}, asked from ${way.from},`;
    if (error instanceof TlsError) throw tlsRefused(where, error);
    throw new WikiferryError(
      "WEB_WAY_CLOSED",
      `${where} gives no answer (${messageOf(error)})`,
      "See that the gate can reach blue.web.address and blue.web.httpPort, and that no firewall blocks it",
      { cause: error },
    );
  }
}
