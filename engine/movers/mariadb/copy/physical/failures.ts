import { WikiferryError } from "../../../../errors";

export function backupFailed(found: string): WikiferryError {
  return new WikiferryError(
    "COPY_BACKUP_FAILED",
    found,
    "See the reason. The next `pulumi up` copies again. copy.method = logical works without mariadb-backup",
  );
}

export function receiveFailed(found: string): WikiferryError {
  return new WikiferryError(
    "COPY_RECEIVE_FAILED",
    `green's host did not receive the copy: ${found}`,
    "See the reason, such as a full disk. The next `pulumi up` copies again",
  );
}
