/** Something that differs between two answers without meaning a different site. */
interface Natural {
  name: string;
  /** Why it says nothing about the site. */
  reason: string;
  /** Content types that it occurs in. */
  in: RegExp;
  apply(text: string): string;
}

const replace = (pattern: RegExp, by: string) => (text: string) => text.replace(pattern, by);
const markup = /html|xml/;
const json = /json|javascript|html|xml/;

/** What is taken out of texts before they are compared. Whatever is not listed here counts. */
export const natural: readonly Natural[] = [
  {
    name: "parser report",
    reason: "times and memory that one parse took, and when it was cached",
    in: /html|json|xml/,
    apply: (text) =>
      text
        .replace(
          /(?:<|\\u003C)!--\s*(?:\\n)?(?:NewPP limit report|Transclusion expansion time report|Saved in (?:parser )?cache|Saved in RevisionOutputCache|Served by|esi |Parsed by)[\s\S]*?--(?:>|\\u003E)/g,
          "",
        )
        .replace(/"wgPageParseReport":\{[\s\S]*?\}\}\);?/g, '"wgPageParseReport":{}});'),
  },
  {
    name: "request id",
    reason: "made for each request",
    in: json,
    apply: replace(
      /"(?:wgRequestId|reqId|requestId)":"[^"]*"|\[[0-9a-f]{20,32}\](?= \d{4}-)/g,
      '"wgRequestId":""',
    ),
  },
  {
    name: "server's time and name",
    reason: "how long the server took, and what it is called",
    in: json,
    apply: replace(/"(?:wgBackendResponseTime|wgHostname|servedby)":(?:\d+|"[^"]*")/g, '"wgHostname":""'),
  },
  {
    name: "token",
    reason: "made for each session",
    in: json,
    apply: (text) =>
      text
        .replace(/"(\w*[tT]oken)":\s*"[^"]*"/g, '"$1":""')
        .replace(/(<input\b[^>]*\bname="\w*[tT]oken"[^>]*\bvalue=")[^"]*"/g, '$1"')
        .replace(/(<input\b[^>]*\bvalue=")[^"]*("[^>]*\bname="\w*[tT]oken")/g, "$1$2"),
  },
  {
    name: "CSP nonce",
    reason: "made for each request",
    in: markup,
    apply: (text) =>
      text.replace(/\bnonce="[^"]*"/g, 'nonce=""').replace(/"wgCSPNonce":"[^"]*"/g, '"wgCSPNonce":""'),
  },
  {
    name: "read-only notice",
    reason: "the side that follows takes no edits before the flip",
    in: json,
    apply: replace(
      /"readonly":(?:true|false)(?:,"readonlyreason":"(?:[^"\\]|\\.)*")?|"readonlyreason":"(?:[^"\\]|\\.)*"/g,
      '"readonly":""',
    ),
  },
  {
    name: "software of the machine",
    reason: "versions of PHP, ICU and the database, compared on their own",
    in: json,
    apply: (text) =>
      text
        .replace(/(<(table|ul)[^>]*\bid="sv-software"[^>]*>)[\s\S]*?<\/\2>/g, "$1</$2>")
        .replace(/"(?:phpversion|phpsapi|dbversion|time|curtimestamp)":"[^"]*"/g, '"time":""'),
  },
  {
    name: "time of the request",
    reason: "the page names the moment at which it was made",
    in: markup,
    apply: (text) =>
      text
        // "Show new changes starting from 05:43, 1 December": the address holds the moment, and the text after it, too.
        .replace(/(<a\b[^>]*[?&;]from=)\d{14}(&amp;fromFormatted=[^"&]*)?([^>]*>)[^<]*/g, "$1$3")
        .replace(/(&quot;|")from\1:\1\d{14}\1(,\1fromFormatted\1:\1[^"&]*\1)?/g, "from")
        .replace(/^([\s\S]*?<(?:feed|rss)\b[\s\S]*?)<(updated|lastBuildDate)>[^<]*<\/\2>/, "$1"),
  },
  {
    name: "web server's own error page",
    reason: "signed by a server's kind and version, read by nobody",
    in: /html/,
    apply: (text) =>
      /^\s*(?:<!DOCTYPE HTML PUBLIC "-\/\/IETF\/\/DTD HTML 2\.0\/\/EN">\s*)?<html>\s*<head>\s*<title>[345]\d\d /i.test(
        text,
      )
        ? "a web server's own page"
        : text,
  },
];

/** A text without what changes by nature, one element a line. */
export function normalize(text: string, type: string): string {
  let left = text;
  for (const one of natural) if (one.in.test(type)) left = one.apply(left);
  if (!markup.test(type)) return left.trim();
  return left
    .replace(/>\s*</g, ">\n<")
    .replace(/[ \t]+$/gm, "")
    .replace(/\n{2,}/g, "\n")
    .trim();
}

/** Names of headers that are compared. The others belong to the connection, the server or the moment. */
export const comparedHeaders = [
  "cache-control",
  "vary",
  "content-language",
  "content-disposition",
  "content-security-policy",
  "content-security-policy-report-only",
  "x-content-type-options",
  "x-frame-options",
  "x-xss-protection",
  "strict-transport-security",
  "referrer-policy",
  "permissions-policy",
  "cross-origin-opener-policy",
  "cross-origin-resource-policy",
  "access-control-allow-origin",
  "access-control-allow-credentials",
  "www-authenticate",
  "x-robots-tag",
  "content-encoding",
  "mediawiki-api-error",
] as const;

/** Cookies that say how a request was served, or hold the session. */
const passingCookies = /^(UseDC|UseCDNCache|cpPosIndex|.*session)$/i;

/** A header in the form in which it is compared. */
export function normalizeHeader(name: string, value: string | string[] | undefined): string {
  const text = [value ?? ""].flat().join(", ");
  if (name === "vary")
    return [
      ...new Set(
        text
          .toLowerCase()
          .split(/\s*,\s*/)
          .filter(Boolean),
      ),
    ]
      .sort()
      .join(", ");
  if (name.startsWith("content-security-policy")) return text.replace(/'nonce-[^']*'/g, "'nonce'");
  return text.trim();
}

/** Names and attributes of the cookies that are set, without values and times. */
export function cookieAttributes(cookies: readonly string[] | undefined): string {
  return (cookies ?? [])
    .map((cookie) => {
      const [pair = "", ...attributes] = cookie.split(/;\s*/);
      const kept = attributes
        .filter((one) => !/^(expires|max-age)=/i.test(one))
        .map((one) => one.toLowerCase());
      return { name: pair.split("=")[0] ?? "", text: [pair.split("=")[0], ...kept.sort()].join("; ") };
    })
    .filter(({ name }) => !passingCookies.test(name))
    .map(({ text }) => text)
    .sort()
    .join(" | ");
}
