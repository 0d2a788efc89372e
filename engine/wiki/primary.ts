import type { Move } from "../context";
import { WikiferryError } from "../errors";
import { readRole } from "../mariadb/control/role";
import type { Side } from "../move";

/** Who takes writes, by the record on both; the newer one counts. @throws `CTRL_NO_ROLE` */
export async function primaryOf({ blue, green }: Move): Promise<Side> {
  const records = await Promise.all([readRole(blue), readRole(green)]);
  const newest = records.filter((record) => record !== undefined).sort((a, b) => b.epoch - a.epoch)[0];
  if (newest) return newest.role;
  throw new WikiferryError(
    "CTRL_NO_ROLE",
    "neither database has a record of who is primary",
    "Run `pulumi up` in phase prepare, which writes it",
  );
}
