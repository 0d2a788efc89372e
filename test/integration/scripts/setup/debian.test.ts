import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bootstrap } from "../../../../scripts/setup/debian";

const release = `Origin: Debian
Suite: stable
Codename: bookworm
Date: Sat, 10 Jun 2023 08:52:29 UTC
Architectures: amd64 arm64
Components: main
SHA256:
 ${"0".repeat(64)} 1 main/binary-amd64/Packages.gz
`;
const signature = "-----BEGIN PGP SIGNATURE-----\n\niHUEABYKAB0WIQ==\n=AAAA\n-----END PGP SIGNATURE-----\n";
const folder = mkdtempSync(join(tmpdir(), "wikiferry-mirror-"));

/** A mirror between this machine and Debian. It signs its Release itself, without Debian's signature. */
const asked: string[] = [];
const mirror = createServer((request, response) => {
  const path = request.url ?? "";
  asked.push(path);
  if (path.endsWith("/Release")) response.end(release);
  else if (path.endsWith("/Release.gpg")) response.end(signature);
  else response.writeHead(404).end();
});

beforeAll(async () => {
  mirror.listen(0, "127.0.0.1");
  await once(mirror, "listening");
});

afterAll(() => {
  mirror.close();
  rmSync(folder, { recursive: true });
});

const url = () => `http://127.0.0.1:${(mirror.address() as AddressInfo).port}/debian`;

test("no base image is built from a mirror whose Release lacks Debian's signature", async () => {
  await expect(bootstrap(join(folder, "root"), url())).rejects.toThrow(
    /check Release signature|Release signed by/,
  );
  expect(asked.some((path) => path.endsWith("/Release.gpg"))).toBe(true);
  expect(asked.filter((path) => path.includes("Packages"))).toEqual([]);
});

test("without the keyring no mirror is contacted", async () => {
  asked.length = 0;
  const missing = bootstrap(join(folder, "other"), url(), join(folder, "no-such-keyring.gpg"));
  await expect(missing).rejects.toMatchObject({ code: "SETUP_KEYRING" });
  expect(asked).toEqual([]);
  expect(existsSync(join(folder, "other"))).toBe(false);
});
