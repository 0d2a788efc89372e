import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";

/** A service of green with an image of its own, `components/<service>/image`. */
export type Service = "mariadb" | "redis" | "mediawiki" | "courier" | "gate";

/** Base images by service; a service that is not named takes its Dockerfile's own, the official one. */
export type Bases = Partial<Record<Service, string>>;

/**
 * The image of a service, built on the engine that runs it. It is built again when a file of its folder or its
 * base changes, and kept when the stack goes.
 */
export function serviceImage(
  service: Service,
  bases: Bases,
  opts: pulumi.CustomResourceOptions & { name: string },
) {
  const folder = join(__dirname, service, "image");
  const base = bases[service];
  const hash = folderHash(folder, base ?? "");
  return new docker.RemoteImage(
    opts.name,
    {
      name: `wikiferry/${service}:${hash}`,
      build: {
        context: relative(process.cwd(), folder),
        // Host network: a package mirror that only the host can reach serves the build too.
        networkMode: "host",
        ...(base ? { buildArgs: { BASE: base } } : {}),
      },
      keepLocally: true,
    },
    opts,
  );
}

/** Twelve hexadecimal digits over the names and contents of a folder, and its base image. */
export function folderHash(folder: string, base: string): string {
  const hash = createHash("sha256").update(base);
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
  for (const name of names) hash.update(`\0${name}\0`).update(readFileSync(join(folder, name)));
  return hash.digest("hex").slice(0, 12);
}
