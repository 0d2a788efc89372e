import { messageOf, WikiferryError } from "../errors";
import { block, type Finding, findingOf, pass, warn } from "../finding";
import type { MoveSpec } from "../move";
import { askOver, type HttpAnswer, TlsError } from "./http";
import type { Way } from "./ways";
import { gateHeaders, readSiteInfo, siteInfoQuery, tlsRefused } from "./wiki";

/** What the owner accepts by name. */
export interface Accepted {
  /** `blue.web.allowPlainHttp` */
  plainHttp: boolean;
  /** `blue.web.allowGateAddress` */
  gateAddress: boolean;
}

type Question = Pick<MoveSpec, "wiki"> & { blue: { web: Pick<MoveSpec["blue"]["web"], "address" | "tls"> } };

/** A client's address that is nobody's (RFC 5737), for the header that the gate sets. */
const clientAddress = "198.51.100.77";

/** How long one answer of blue may take, in milliseconds. */
const answerMs = 30_000;

/** More than this a browser takes for a loop, too. */
const mostRedirects = 8;

/** Asks blue as the gate will, and says whether people can be sent that way. Never writes. */
export async function wayInFindings(spec: Question, way: Way, accepted: Accepted): Promise<Finding[]> {
  const plain = plainHttpFinding(spec, accepted.plainHttp);
  try {
    const found = await Promise.all([
      redirects(spec, way),
      readRight(spec, way),
      addresses(spec, way, accepted.gateAddress),
    ]);
    return [plain, ...found];
  } catch (error) {
    return [plain, findingOf(error)];
  }
}

/** Passwords and sessions cross from the gate to blue as they came from the client, who trusts in HTTPS. */
export function plainHttpFinding({ wiki, blue }: Question, allowed: boolean): Finding {
  const code = "WEB_PLAIN_HTTP";
  const way = `from the gate to ${blue.web.address.host}:${blue.web.address.port}`;
  if (blue.web.tls) return pass(code, `${way} TLS is spoken, for ${blue.web.tls.name}`);
  if (!wiki.serverUrl.startsWith("https:")) return pass(code, "the wiki is served by plain HTTP");
  const found = `the wiki is ${wiki.serverUrl}, and passwords would go by plain HTTP ${way}`;
  if (allowed)
    return warn(code, `${found} (blue.web.allowPlainHttp)`, "Nothing to do where that way is yours");
  return block(
    code,
    found,
    "Set blue.web.tls to true, or, where nobody else can listen on that way, blue.web.allowPlainHttp",
  );
}

/** Where a client ends that asks for the wiki's root. */
async function redirects(spec: Question, way: Way): Promise<Finding> {
  const code = "WEB_REDIRECT_LOOP";
  const { host } = new URL(spec.wiki.serverUrl);
  const seen: string[] = [];
  let path = "/";
  for (;;) {
    const { status, headers } = await ask(spec, way, path);
    if (status < 300 || status > 399 || !headers.location)
      return pass(code, `blue serves / by the gate's way with status ${status} (asked from ${way.from})`);
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
        `blue answers ${path} by the gate's way with a redirect to ${target.href} again, without an end (asked from ${way.from})`,
        "Blue's web server redirects plain HTTP to HTTPS: set blue.web.tls to true, or let it pass requests with X-Forwarded-Proto: https",
      );
    }
  }
}

/** A MediaWiki answers, and anybody may read it. */
async function readRight(spec: Question, way: Way): Promise<Finding> {
  const { apiPath } = spec.wiki;
  const { status, headers, body } = await ask(spec, way, apiPath + siteInfoQuery);
  // Told as what it is.
  if (status >= 300 && status < 400)
    return pass("WEB_NOT_MEDIAWIKI", `blue redirects ${apiPath} to ${headers.location}`);
  const { anonymousRead } = readSiteInfo(body.toString(), status, `blue, asked from ${way.from},`, apiPath);
  return anonymousReadFinding(anonymousRead);
}

/** Green's settings are not blue's: what is closed there would be open here. */
export function anonymousReadFinding(anonymousRead: boolean): Finding {
  const code = "APP_PRIVATE";
  if (anonymousRead) return pass(code, "everybody may read blue");
  return block(
    code,
    "on blue only people who are logged in may read ($wgGroupPermissions['*']['read'] = false), and green would show every page and file to anybody",
    "Leave this wiki where it is: green does not take over blue's read rights yet",
  );
}

/** Whether MediaWiki there takes the client's address from the gate's header: it names whoever is not logged in so. */
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
  if (typeof name !== "string") return pass(code, "blue does not say which address it sees");
  if (!way.likeTheGate)
    return pass(
      code,
      `whether blue trusts the gate's header is asked once green is there, not from ${way.from}`,
    );
  const found = `blue's MediaWiki sees the gate's address (${name}) in place of each client's: blocks, rate limits and page histories would name it (asked from ${way.from})`;
  if (allowed) return warn(code, `${found}; blue.web.allowGateAddress accepts that`, "Nothing to do");
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
      "See that blue.web.address and blue.web.httpPort are as the gate reaches them, and that no firewall stands between",
      { cause: error },
    );
  }
}
