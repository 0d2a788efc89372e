import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import { baseIn, imageName } from "../engine/docker/imageFolder";

/** A service of green with an image of its own, `components/<service>/image`. */
export type Service = "mariadb" | "redis" | "mediawiki" | "courier" | "gate" | "proxy";

/** Base images by service; a service that is not named takes its Dockerfile's own, the official one. */
export type Bases = Partial<Record<Service, string>>;

/** The name of a service's image. Pure but for the files of its folder. */
export function imageOf(service: Service, bases: Bases): string {
  const folder = folderOf(service);
  const official = baseIn(readFileSync(join(folder, "Dockerfile"), "utf8"));
  return imageName(service, folder, bases[service] ?? official ?? "");
}

const folderOf = (service: Service) => join(__dirname, service, "image");

/**
 * The image of a service, built on the engine that runs it. It is built again when a file of its folder or its
 * base changes, and kept when the stack goes.
 */
export function serviceImage(
  service: Service,
  bases: Bases,
  opts: pulumi.CustomResourceOptions & { name: string },
) {
  const folder = folderOf(service);
  const base = bases[service];
  return new docker.RemoteImage(
    opts.name,
    {
      name: imageOf(service, bases),
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
