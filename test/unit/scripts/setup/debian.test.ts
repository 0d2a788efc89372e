import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mirrorsOf } from "../../../../scripts/setup/debian";

/** A web server that has these files. */
async function serving(files: string[]) {
  const server = createServer((request, response) =>
    response.writeHead(files.includes(request.url ?? "") ? 200 : 404).end(),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}

test("a release that has left the usual mirror is taken from the archive, and a part that nobody has is left out", async () => {
  const usual = await serving(["/debian/dists/trixie/InRelease", "/debian/dists/trixie-updates/InRelease"]);
  const archive = await serving([
    "/debian/dists/bullseye/InRelease",
    "/debian-security/dists/bullseye-security/InRelease",
  ]);
  const own = { debian: `${usual.url}/debian`, security: `${usual.url}/debian-security` };
  const others = [{ debian: `${archive.url}/debian`, security: `${archive.url}/debian-security` }];
  try {
    expect(await mirrorsOf("trixie", own, others)).toEqual({
      debian: own.debian,
      updates: own.debian,
      security: undefined,
    });
    expect(await mirrorsOf("bullseye", own, others)).toEqual({
      debian: `${archive.url}/debian`,
      updates: undefined,
      security: `${archive.url}/debian-security`,
    });
    await expect(mirrorsOf("bookworm", own, others)).rejects.toMatchObject({ code: "SETUP_IMAGES" });
  } finally {
    usual.close();
    archive.close();
  }
});
