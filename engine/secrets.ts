import { hkdfSync } from "node:crypto";

/** The accounts whose passwords are derived, so that no state has to hold them. */
export type DerivedSecret = "mariadb-admin" | "mariadb-replication" | "redis" | "gate-admin";

/**
 * A password derived from the move's master secret by HKDF-SHA-256 (RFC 5869), 40 letters and digits. It is the same on
 * every machine that knows the master secret, so a CI runner needs nothing else.
 */
export function deriveSecret(masterSecret: string, purpose: DerivedSecret): string {
  const bytes = Buffer.from(hkdfSync("sha256", masterSecret, "wikiferry", purpose, 30));
  return bytes.toString("base64").replaceAll("+", "x").replaceAll("/", "y");
}
