import { X509Certificate } from "node:crypto";
import {
  certificateServes,
  issueCertificate,
  renewalDays,
} from "../../../../../engine/movers/mariadb/tls/certificates";

const secret = "a master secret of thirty-two characters";
const now = new Date("2026-11-21T12:00:00Z");
const later = (days: number) => new Date(now.getTime() + days * 86_400_000);

describe("certificates between the databases", () => {
  test("a server's certificate is valid for its names and issued by the move's own authority", async () => {
    const { ca, cert, key } = await issueCertificate(secret, "blue", ["blue-db", "10.1.2.3"], now);
    const leaf = new X509Certificate(cert);
    expect(leaf.verify(new X509Certificate(ca).publicKey)).toBe(true);
    expect(leaf.checkHost("blue-db")).toBe("blue-db");
    expect(leaf.checkIP("10.1.2.3")).toBe("10.1.2.3");
    expect(leaf.checkHost("green-db")).toBeUndefined();
    expect(leaf.ca).toBe(false);
    expect(key).toContain("PRIVATE KEY");
    expect(certificateServes({ ca, cert }, secret, ["blue-db"], now)).toBe(true);
  });

  test("runs that know the master secret trust each other's certificates", async () => {
    const one = await issueCertificate(secret, "blue", ["blue-db"], now);
    const other = await issueCertificate(secret, "green", ["green-db"], later(100));
    expect(new X509Certificate(one.cert).verify(new X509Certificate(other.ca).publicKey)).toBe(true);
    expect(one.key).not.toBe(other.key);
  });

  test("one that is about to expire, or has other names or another authority, is no longer usable", async () => {
    const blue = await issueCertificate(secret, "blue", ["blue-db"], now);
    expect(certificateServes(blue, secret, ["blue-db"], later(396 - renewalDays - 1))).toBe(true);
    expect(certificateServes(blue, secret, ["blue-db"], later(397 - renewalDays))).toBe(false);
    expect(certificateServes(blue, secret, ["new-name"], now)).toBe(false);
    expect(certificateServes(blue, "another secret", ["blue-db"], now)).toBe(false);
    expect(certificateServes({ ca: "", cert: "" }, secret, ["blue-db"], now)).toBe(false);
  });
});
