import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { baseIn, imageName } from "../../../../../engine/runtime/docker/imageFolder";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "wikiferry-image-"));
  mkdirSync(join(folder, "bin"));
  writeFileSync(join(folder, "Dockerfile"), "ARG BASE=redis:7.0\nFROM $BASE\n");
  writeFileSync(join(folder, "bin/start"), "#!/bin/sh\n", { mode: 0o644 });
});

afterEach(() => rmSync(folder, { recursive: true }));

test("an image is called after all that goes into it, so that it is built once wherever it is asked for", () => {
  const name = imageName("redis", folder, "redis:7.0");
  expect(name).toMatch(/^wikiferry\/redis:[0-9a-f]{12}$/);
  expect(imageName("redis", folder, "redis:7.0")).toBe(name);
  expect(imageName("redis", folder, "wikiferry/debian:bookworm")).not.toBe(name);
  chmodSync(join(folder, "bin/start"), 0o755);
  const executable = imageName("redis", folder, "redis:7.0");
  expect(executable).not.toBe(name);
  writeFileSync(join(folder, "bin/start"), "#!/bin/sh \n");
  expect(imageName("redis", folder, "redis:7.0")).not.toBe(executable);
});

test("the base is the Dockerfile's own where none is given", () => {
  expect(baseIn('# comment\nARG BASE="mariadb:10.11"\nFROM $BASE\n')).toBe("mariadb:10.11");
  expect(baseIn("FROM debian\n")).toBeUndefined();
});
