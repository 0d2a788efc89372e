import { readJournal } from "../../../../control/mariadb/journal";
import { WikiferryError } from "../../../../errors";
import { deriveSecret } from "../../../../secrets";
import type { CopyContext } from "../context";
import { type CopyResult, copyState } from "../state";
import { lastWords } from "./backupSession";
import { identityStatements } from "./greenIdentity";
import { workInGreen } from "./incoming";

/**
 * Prepares the received files to be served as green's: brings them to one point in time, and adapts them to green. Both
 * steps can be repeated.
 * @throws `COPY_PREPARE_FAILED`, `COPY_RUNNING`
 */
export async function makeReady(ctx: CopyContext, result: CopyResult): Promise<void> {
  const { green, spec, secrets, report } = ctx;
  report({ step: "copy", message: "preparing the files on green", percent: 99 });
  const memory = (await green.value("SELECT @@GLOBAL.innodb_buffer_pool_size")) ?? "134217728";
  const redoBytes = (await green.value("SELECT @@GLOBAL.innodb_log_file_size")) ?? "100663296";
  await must(
    ctx,
    `[ ! -e "$incoming/data/backup-my.cnf" ] ||
       mariadb-backup --no-defaults --prepare --target-dir="$incoming/data" --use-memory=${memory} --tmpdir=/spool`,
  );
  const statements = identityStatements({
    adminPassword: deriveSecret(secrets.masterSecret, "mariadb-admin"),
    app: {
      user: spec.wiki.appUser,
      database: spec.wiki.database,
      accounts: await green.rows<{ host: string; priv: string }>(
        "SELECT Host AS host, Priv AS priv FROM mysql.global_priv WHERE User = ?",
        [spec.wiki.appUser],
      ),
    },
    result,
    journal: await readJournal(green),
  });
  if ((await copyState(green)).state === "copied") {
    throw new WikiferryError(
      "COPY_RUNNING",
      "another run has finished a copy on green meanwhile",
      "Run again: a finished copy is left alone",
    );
  }
  // The backup's folder also contains files about the backup, which are not part of the data. Without the first of
  // these it can't be prepared again, and need not be.
  await must(
    ctx,
    `mariadbd --no-defaults --datadir="$incoming/data" --tmpdir=/spool --skip-log-bin --bootstrap \\
         --innodb-buffer-pool-size=64M --innodb-log-file-size=${redoBytes} --innodb-fast-shutdown=1 &&
       cd "$incoming/data" &&
       rm -f backup-my.cnf xtrabackup_* mariadb_backup_* ib_buffer_pool multi-master.info master.info relay-log.info &&
       sync -f . && mv "$incoming/received" "$incoming/ready" && sync -f "$incoming"`,
    statements,
  );
}

async function must(ctx: CopyContext, script: string, stdin?: string): Promise<void> {
  const { exitCode, stderr, stdout } = await workInGreen(ctx, script, { stdin });
  if (exitCode === 0) return;
  throw new WikiferryError(
    "COPY_PREPARE_FAILED",
    `the copied files could not be prepared on green, exit code ${exitCode}: ${lastWords(stderr.trim() || stdout)}`,
    "Green's data is unchanged. See the reason and run again. copy.method = logical works without the files",
  );
}
