import "reflect-metadata";
import {
  createECDH,
  createPrivateKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
  type webcrypto,
  X509Certificate,
} from "node:crypto";
import { isIP } from "node:net";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";
import type { Side } from "../../../move";

/** PEM texts. */
export interface ServerCertificate {
  ca: string;
  cert: string;
  key: string;
}

const dayMs = 24 * 60 * 60 * 1000;
const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** How long a server's certificate is valid, in days. */
export const leafDays = 397;
/** A certificate with fewer days left is renewed. */
export const renewalDays = 60;
const caYears = 10;

/**
 * A certificate for one side's MariaDB from the move's own CA, for replication between the two.
 *
 * All keys (ECDSA, P-256) are derived from the master secret, so the CA's key is stored nowhere and whoever may
 * continue the move can issue certificates. Certificates of different runs trust each other, because subject and key of
 * the CA are the same. The CA is valid for 10 years, a server's certificate for 397 days, both from the day before
 * `now`.
 * @param names DNS names and IP addresses by which the other side reaches this server.
 */
export async function issueCertificate(
  masterSecret: string,
  side: Side,
  names: readonly string[],
  now: Date,
): Promise<ServerCertificate> {
  const caKeys = await derivedKeys(masterSecret, "ca");
  const keys = await derivedKeys(masterSecret, side);
  // A day of tolerance for clocks that are behind.
  const notBefore = new Date(now.getTime() - dayMs);
  const ca = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: "CN=wikiferry CA",
    notBefore,
    notAfter: new Date(notBefore.getTime() + caYears * 365 * dayMs),
    keys: caKeys.pair,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  const leaf = await X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: `CN=wikiferry ${side}`,
    issuer: ca.subject,
    notBefore,
    notAfter: new Date(notBefore.getTime() + leafDays * dayMs),
    publicKey: keys.pair.publicKey,
    signingKey: caKeys.pair.privateKey,
    signingAlgorithm: algorithm,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      // Each server is also a client of the other one.
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
      new SubjectAlternativeNameExtension(
        names.map((name) => ({ type: isIP(name) ? ("ip" as const) : ("dns" as const), value: name })),
      ),
    ],
  });
  return { ca: `${ca.toString("pem")}\n`, cert: `${leaf.toString("pem")}\n`, key: keys.pem };
}

/**
 * Whether a server's certificate is still usable: issued by the CA with this master secret's key, for all `names`, and
 * valid for at least `renewalDays` from `now`.
 */
export function certificateServes(
  certificate: Pick<ServerCertificate, "ca" | "cert">,
  masterSecret: string,
  names: readonly string[],
  now: Date,
): boolean {
  let ca: X509Certificate;
  let leaf: X509Certificate;
  try {
    ca = new X509Certificate(certificate.ca);
    leaf = new X509Certificate(certificate.cert);
  } catch {
    return false;
  }
  const derived = publicHalf(masterSecret, "ca");
  return (
    ca.publicKey.export({ format: "jwk" }).x === derived.x &&
    leaf.verify(ca.publicKey) &&
    // Not `validFromDate`: Node 20 does not have it.
    Date.parse(leaf.validFrom) <= now.getTime() &&
    Date.parse(leaf.validTo) > now.getTime() + renewalDays * dayMs &&
    Date.parse(ca.validTo) >= Date.parse(leaf.validTo) &&
    names.every((name) => (isIP(name) ? leaf.checkIP(name) : leaf.checkHost(name)) !== undefined)
  );
}

type Owner = "ca" | Side;

/** Order of the group of P-256 (SEC 2, 2.4.2). */
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

function privateScalar(masterSecret: string, owner: Owner): Buffer {
  // 48 bytes reduced modulo the order: the bias is below 2^-128 (FIPS 186-5, A.2.1).
  const seed = Buffer.from(hkdfSync("sha256", masterSecret, "wikiferry", `mariadb-tls-${owner}`, 48));
  const scalar = (BigInt(`0x${seed.toString("hex")}`) % (order - 1n)) + 1n;
  return Buffer.from(scalar.toString(16).padStart(64, "0"), "hex");
}

function publicHalf(masterSecret: string, owner: Owner): { x: string; y: string; d: string } {
  const ecdh = createECDH("prime256v1");
  const scalar = privateScalar(masterSecret, owner);
  ecdh.setPrivateKey(scalar);
  const point = ecdh.getPublicKey();
  return {
    x: point.subarray(1, 33).toString("base64url"),
    y: point.subarray(33).toString("base64url"),
    d: scalar.toString("base64url"),
  };
}

async function derivedKeys(
  masterSecret: string,
  owner: Owner,
): Promise<{ pair: webcrypto.CryptoKeyPair; pem: string }> {
  const { x, y, d } = publicHalf(masterSecret, owner);
  const jwk = { kty: "EC", crv: "P-256", x, y, d };
  return {
    pair: {
      privateKey: await crypto.subtle.importKey("jwk", jwk, algorithm, true, ["sign"]),
      publicKey: await crypto.subtle.importKey("jwk", { kty: "EC", crv: "P-256", x, y }, algorithm, true, [
        "verify",
      ]),
    },
    pem: derivedKeyPem(masterSecret, owner),
  };
}

/** The private key of a side's MariaDB, PKCS #8 as PEM. */
export function derivedKeyPem(masterSecret: string, owner: Owner): string {
  const { x, y, d } = publicHalf(masterSecret, owner);
  const key: KeyObject = createPrivateKey({ key: { kty: "EC", crv: "P-256", x, y, d }, format: "jwk" });
  return key.export({ type: "pkcs8", format: "pem" }).toString();
}

/** 127 random bits, positive. */
function serial(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0] as number) & 0x7f;
  return bytes.toString("hex");
}
