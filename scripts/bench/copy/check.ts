import { sh } from "../../common/docker";
import { DockerWorld } from "../../lab/dockerWorld";
import { wikiTables } from "../data/tables";
import type { Lab } from "./lab";

/** Checksums of all tables, from the servers' own CHECKSUM TABLE, which does not depend on the order of rows. */
export async function checksumsOf(lab: Lab, side: "blue" | "green"): Promise<string> {
  const names = wikiTables.map(({ name }) => `\`${lab.database}\`.\`${name}\``).join(", ");
  const id = new DockerWorld().docker.getContainer(lab.pair.containers[side]).id;
  // As root through the socket: a green that was copied by hand has blue's accounts.
  return await sh(
    id,
    `mariadb --no-defaults --socket=/run/mysqld/mysqld.sock -N -e 'CHECKSUM TABLE ${names} EXTENDED'`,
    {
      user: "root",
    },
  );
}
