import { WikiferryError } from "../../../errors";

export function backupFailed(found: string): WikiferryError {
  return new WikiferryError(
    "COPY_BACKUP_FAILED",
    found,
    "See the reason; the next `pulumi up` copies anew. copy.method = logical does without mariadb-backup",
  );
}

export function receiveFailed(found: string): WikiferryError {
  return new WikiferryError(
    "COPY_RECEIVE_FAILED",
    `green's host did not take the copy: ${found}`,
    "See the reason, such as a full disk; the next `pulumi up` copies anew",
  );
}
