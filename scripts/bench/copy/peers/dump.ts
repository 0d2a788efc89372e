import type { Contender } from "../contender";
import type { Lab } from "../lab";
import { timed } from "./timed";

/** `mariadb-dump | mariadb`, as its manual page recommends for InnoDB. */
export function dump(lab: Lab): Contender {
  return {
    name: "mariadb-dump | mariadb",
    prepare: () => lab.resetGreen(),
    copy: () =>
      timed(
        lab,
        `mariadb-dump --defaults-file=/root/blue.cnf --single-transaction --quick --hex-blob --master-data=2 --gtid \\
           --databases ${lab.database} \\
         | mariadb --defaults-file=/root/green.cnf --init-command="SET SESSION sql_log_bin = 0"`,
      ),
  };
}
