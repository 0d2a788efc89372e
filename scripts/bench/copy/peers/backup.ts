import type { Contender } from "../contender";
import { greenData, type Lab } from "../lab";
import { run } from "./timed";

/**
 * mariadb-backup, piped by hand over SSH into green's volume, prepared, and put in place while green's server is
 * stopped. https://mariadb.com/kb/en/setting-up-a-replica-with-mariabackup/
 */
export function backup(lab: Lab): Contender {
  const staging = `${greenData}/.by-hand`;
  return {
    name: "mariadb-backup by hand",
    prepare: () => lab.resetGreen(),
    async copy() {
      const started = performance.now();
      await run(
        lab,
        `mkdir ${staging}
         ssh root@blue-db "mariadb-backup --backup --stream=xbstream --user=root" 2>/dev/null | mbstream -x -C ${staging}
         mariadb-backup --prepare --target-dir=${staging} 2>/dev/null`,
      );
      await lab.stopGreen();
      await run(
        lab,
        `find ${greenData} -mindepth 1 -maxdepth 1 ! -name .by-hand -exec rm -rf {} +
         mv ${staging}/* ${greenData}/
         rmdir ${staging}
         chown -R --reference=${greenData} ${greenData}`,
      );
      await lab.startGreen();
      return { seconds: (performance.now() - started) / 1000 };
    },
  };
}
