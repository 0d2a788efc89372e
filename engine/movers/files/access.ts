import { editAuthorizedKeys } from "../../runtime/ssh/hostFile";
import type { SshPool } from "../../runtime/ssh/pool";
import { authorizedLine, fileSyncMark, knownHostsLine } from "./authorization";
import type { FileSync, FollowSettings } from "./fileSync";
import type { Rights } from "./rights";
import { trimmed } from "./tree";

type BlueFiles = FollowSettings["blue"];

/**
 * Lets file-sync's key copy the uploads on blue's files host, and pins that host's key.
 * @param from Addresses from which the key is accepted, for sshd's `from=`. Defaults to any.
 */
export async function grantAccess(
  fileSync: FileSync,
  { ssh, directory, address }: BlueFiles,
  pool: SshPool,
  rights: Rights,
  from?: string,
): Promise<void> {
  const line = authorizedLine(await fileSync.publicKey(), {
    directory: trimmed(directory),
    owner: `${rights.uid}:${rights.gid}`,
    from,
  });
  await editAuthorizedKeys(await pool.to(ssh), fileSyncMark, line);
  await fileSync.disconnect();
  await fileSync.pinHost(knownHostsLine(address.host, address.port, ssh.hostKey));
  await fileSync.setRights(rights);
}

export async function revokeAccess({ ssh }: Pick<BlueFiles, "ssh">, pool: SshPool): Promise<void> {
  await editAuthorizedKeys(await pool.to(ssh), fileSyncMark);
}
