import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { digestOf, readDigests, writeDigests } from "../../../../../engine/runtime/docker/digests";

const digest = (repository: string, digit: string) => `${repository}@sha256:${digit.repeat(64)}`;

describe("official images by digest", () => {
  it("takes the digest of the image's own repository, and none for what was built or loaded here", () => {
    const pulled = [digest("mirror.example.org/haproxy", "1"), digest("haproxy", "2")];
    expect(digestOf("haproxy:2.6", pulled)).toBe(digest("haproxy", "2"));
    expect(digestOf("docker.io/library/haproxy:2.6", pulled)).toBe(digest("haproxy", "2"));
    expect(digestOf("mirror.example.org/haproxy:2.6", pulled)).toBe(
      digest("mirror.example.org/haproxy", "1"),
    );
    expect(digestOf("wikiferry/debian:bookworm", [])).toBeUndefined();
    expect(digestOf("redis:7.0", undefined)).toBeUndefined();
  });

  it("keeps them in a file that is the same whatever the order", () => {
    const folder = mkdtempSync(join(tmpdir(), "wikiferry-digests-"));
    const file = join(folder, "images.lock.json");
    expect(readDigests(file)).toEqual({});
    writeDigests(file, { "redis:7.0": digest("redis", "3"), "haproxy:2.6": digest("haproxy", "2") });
    expect(Object.keys(readDigests(file))).toEqual(["haproxy:2.6", "redis:7.0"]);
    rmSync(folder, { recursive: true });
  });
});
