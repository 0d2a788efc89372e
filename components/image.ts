import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import { readDigests } from "../engine/runtime/docker/digests";
import { baseIn, imageName } from "../engine/runtime/docker/imageFolder";

/** A service of green with its own image, `components/<service>/image`. */
export type Service = "mariadb" | "redis" | "mediawiki" | "fileSync" | "gate" | "proxy";

/**
 * Base images by service. A service without an entry uses its Dockerfile's own base, the official one, by the digest
 * that the set-up has locked.
 */
export type Bases = Partial<Record<Service, string>>;

const folderOf = (service: Service) => join(__dirname, service, "image");

/**
 * The base that a service's Dockerfile names, and the one that is used: the config's, or the official one by its
 * digest.
 */
function baseOf(service: Service, bases: Bases): { official: string; chosen: string | undefined } {
  const official = baseIn(readFileSync(join(folderOf(service), "Dockerfile"), "utf8")) ?? "";
  const locked = readDigests(join(__dirname, "../images.lock.json"))[official];
  return { official, chosen: bases[service] ?? locked };
}

/** The name of a service's image. Pure except for the files of its folder and the locked digests. */
export function imageOf(service: Service, bases: Bases): string {
  const { official, chosen } = baseOf(service, bases);
  return imageName(service, folderOf(service), chosen ?? official);
}

/**
 * The image of a service, built on the engine that runs it. It is built again when its base or a file of its folder
 * changes, and kept when the stack is removed.
 */
export function serviceImage(
  service: Service,
  bases: Bases,
  opts: pulumi.CustomResourceOptions & { name: string },
) {
  const folder = folderOf(service);
  const base = baseOf(service, bases).chosen;
  return new docker.RemoteImage(
    opts.name,
    {
      name: imageOf(service, bases),
      build: {
        context: relative(process.cwd(), folder),
        // Host network, so that a package mirror which only the host can reach also serves the build.
        networkMode: "host",
        ...(base ? { buildArgs: { BASE: base } } : {}),
      },
      keepLocally: true,
    },
    opts,
  );
}
