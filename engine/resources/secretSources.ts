import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import type { Secrets, Side } from "../move";
import { derivedKeyPem } from "../movers/mariadb/tls/certificates";
import { type DerivedSecret, deriveSecret } from "../secrets";

/** Where the content of a service's secret file comes from. The description itself holds no secret. */
export type SecretSource =
  | { secret: "appPassword" | "wikiSecretKey" }
  | { derived: DerivedSecret }
  /** Private key of a side's MariaDB, PEM. */
  | { tlsKey: Side }
  /** Public content that belongs beside the others, such as a certificate. */
  | { text: string }
  /** A PHP file of the project, by its path from the project's folder. */
  | { phpFile: string };

/** Files of one service by their name. */
export type SecretSources = Record<string, SecretSource>;

/** The files' contents, in the process that knows the secrets. */
export async function secretContents(
  sources: SecretSources,
  secrets: Secrets,
): Promise<Record<string, string>> {
  const contents = await Promise.all(
    Object.entries(sources).map(async ([name, source]) => [name, await contentOf(source, secrets)] as const),
  );
  return Object.fromEntries(contents);
}

async function contentOf(source: SecretSource, secrets: Secrets): Promise<string> {
  if ("secret" in source) return secrets[source.secret];
  if ("derived" in source) return deriveSecret(secrets.masterSecret, source.derived);
  if ("tlsKey" in source) return derivedKeyPem(secrets.masterSecret, source.tlsKey);
  if ("text" in source) return source.text;
  const { phpFile } = source;
  const text = readFileSync(isAbsolute(phpFile) ? phpFile : join(process.cwd(), phpFile), "utf8");
  return `<?php\n${text.replace(/^<\?php\s*/, "")}`;
}

/**
 * Shows that a file's content has changed without revealing it: HMAC-SHA-256 under the master secret, 16 hexadecimal
 * digits. It may be stored in Pulumi's state and on a container's label.
 */
export function fingerprintOf(contents: Record<string, string>, { masterSecret }: Secrets): string {
  const sorted = Object.entries(contents).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHmac("sha256", masterSecret)
    .update(`wikiferry secret files ${JSON.stringify(sorted)}`)
    .digest("hex")
    .slice(0, 16);
}
