import { join } from "node:path";
import type { Side } from "../../../engine/move";
import { derivedImage } from "../../lab/derivedImage";
import { serviceImage } from "../../lab/image";

const folder = join(__dirname, "../image");

/** A side's database server with an adjustable clock. Built if it does not exist. */
export async function clockedImage(side: Side): Promise<string> {
  const base = await serviceImage(side === "blue" ? "blue-db" : "mariadb");
  return derivedImage(`faults-${side}-db`, folder, base, { RUN_AS: side === "blue" ? "root" : "mysql" });
}
