import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { engineElsewhere, localDocker } from "../../../../scripts/setup/localEngine";

const directory = mkdtempSync(join(tmpdir(), "wikiferry-docker-"));
afterAll(() => rmSync(directory, { recursive: true }));

function context(name: string, host: string): void {
  const folder = join(directory, "contexts/meta", createHash("sha256").update(name).digest("hex"));
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, "meta.json"),
    JSON.stringify({ Name: name, Endpoints: { docker: { Host: host } } }),
  );
}

context("prod", "ssh://root@wiki.example.org");
context("desktop", "unix:///home/me/.docker/desktop/docker.sock");

test.each([
  ["nothing is set", {}, "default", undefined],
  ["a socket", { DOCKER_HOST: "unix:///run/user/1000/docker.sock" }, "default", undefined],
  ["another machine", { DOCKER_HOST: "tcp://10.0.0.5:2375" }, "default", "DOCKER_HOST=tcp://10.0.0.5:2375"],
  ["an address without a scheme", { DOCKER_HOST: "10.0.0.5:2375" }, "default", "DOCKER_HOST=10.0.0.5:2375"],
  [
    "a forwarded port",
    { DOCKER_HOST: "tcp://127.0.0.1:2375" },
    "default",
    "DOCKER_HOST=tcp://127.0.0.1:2375",
  ],
  ["SSH", { DOCKER_HOST: "ssh://root@wiki" }, "default", "DOCKER_HOST=ssh://root@wiki"],
  [
    "a context by name",
    { DOCKER_CONTEXT: "prod" },
    "default",
    "the Docker context prod (ssh://root@wiki.example.org)",
  ],
  [
    "a context beside a socket, which the vendor's plugin prefers",
    { DOCKER_HOST: "unix:///var/run/docker.sock", DOCKER_CONTEXT: "prod" },
    "default",
    "the Docker context prod (ssh://root@wiki.example.org)",
  ],
  ["the context in use", {}, "prod", "the Docker context prod (ssh://root@wiki.example.org)"],
  ["a context that is not in use", { DOCKER_HOST: "unix:///var/run/docker.sock" }, "prod", undefined],
  ["a context of this machine", {}, "desktop", undefined],
  [
    "a context that is nowhere described",
    { DOCKER_CONTEXT: "lost" },
    "default",
    "the Docker context lost (of an unknown address)",
  ],
])("an engine is this machine's or it is refused: %s", (_case, env, inUse, expected) => {
  writeFileSync(join(directory, "config.json"), JSON.stringify({ currentContext: inUse }));
  expect(engineElsewhere(env, directory)).toBe(expected);
});

test("no request of the scripts and tests leaves this machine", async () => {
  const before = process.env.DOCKER_HOST;
  process.env.DOCKER_HOST = "tcp://192.0.2.1:2375";
  try {
    await expect(localDocker().listVolumes()).rejects.toMatchObject({ code: "ENGINE_ELSEWHERE" });
  } finally {
    if (before === undefined) delete process.env.DOCKER_HOST;
    else process.env.DOCKER_HOST = before;
  }
});
