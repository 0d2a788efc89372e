import type { Contender } from "../contender";
import type { Lab } from "../lab";
import { run, timed } from "./timed";

/**
 * mydumper, then myloader, 4 threads each, with tables in pieces of 10,000 rows: with these data twice as fast as whole
 * tables, or pieces of 50,000 rows or of 32 MB. https://github.com/mydumper/mydumper
 */
export function mydumper(lab: Lab): Contender {
  const { database } = lab;
  return {
    name: "mydumper + myloader",
    async prepare() {
      await lab.resetGreen();
      await run(lab, "rm -rf /root/dump");
    },
    copy: () =>
      timed(
        lab,
        `mydumper --defaults-file=/root/blue.cnf --host=blue-db --threads=4 --rows=10000 --database=${database} \\
           --outputdir=/root/dump --long-query-guard=600
         myloader --defaults-file=/root/green.cnf --host=green-db --threads=4 --overwrite-tables --directory=/root/dump`,
      ),
  };
}
