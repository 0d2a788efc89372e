import { join } from "node:path";
import Docker from "dockerode";
import { $ } from "zx";
import { imageName } from "../../../engine/docker/imageFolder";
import type { Side } from "../../../engine/move";
import { serviceImage } from "../../lab/image";

const folder = join(__dirname, "../image");

/** A side's database server with a clock that can be set; built if it is not there. */
export async function clockedImage(side: Side): Promise<string> {
  const base = await serviceImage(side === "blue" ? "blue-db" : "mariadb");
  const name = imageName(`faults-${side}-db`, folder, base);
  const there = await new Docker()
    .getImage(name)
    .inspect()
    .catch(() => undefined);
  if (!there) {
    const runAs = side === "blue" ? "root" : "mysql";
    const env = { ...process.env, DOCKER_BUILDKIT: "0" };
    await $({
      quiet: true,
      env,
    })`docker build --network host -t ${name} --build-arg BASE=${base} --build-arg RUN_AS=${runAs} ${folder}`;
  }
  return name;
}
