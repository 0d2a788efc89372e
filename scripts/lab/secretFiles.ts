import type { PutFile } from "../common/putFiles";

/** User and group number in the images of MariaDB and Redis. */
export const serverUid = 999;
/** And of MediaWiki. */
export const webUid = 33;

/** A service's secrets, to be copied into its container before the first start. */
export function secretFiles(uid: number, files: Record<string, string>): PutFile[] {
  return Object.entries(files).map(([name, content]) => ({
    path: `/run/secrets/${name}`,
    content,
    mode: 0o400,
    uid,
  }));
}
