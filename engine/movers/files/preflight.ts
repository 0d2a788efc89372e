import { WikiferryError } from "../../errors";
import { asked, block, type Finding, findingOf, pass } from "../../finding";
import { size } from "../../format";
import type { ContainerRef } from "../../move";
import { runInContainer } from "../../runtime/docker/exec";
import type { SshPool } from "../../runtime/ssh/pool";
import { quote } from "../../runtime/ssh/quote";
import { describePresent, type Present } from "./comparison";
import type { UploadSides, UploadSidesSpec } from "./sides";
import { trimmed } from "./tree";

export interface UploadsPreflightParts {
  spec: UploadSidesSpec;
  pool: SshPool;
  sides: Pick<UploadSides, "rights">;
  /** @throws `FILES_LOST`, `FILES_LINKS`, `FILES_RECORDS` */
  requireWholeBlue: () => Promise<Present>;
}

/** What stands in the way of carrying the uploads. Never writes. The container in green may not exist yet. */
export async function uploadsPreflight(parts: UploadsPreflightParts): Promise<Finding[]> {
  const { ssh, directory } = parts.spec.blue.files;
  const blue = await parts.pool.to(ssh);
  const source = await blue.exec(
    `[ -d ${quote(directory)} ] && du -sb --exclude=thumb ${quote(`${trimmed(directory)}/.`)} | cut -f1`,
  );
  if (source.exitCode !== 0) {
    return [
      block(
        "FILES_DIRECTORY",
        `${ssh.host} has no readable directory ${directory} (${source.stderr.trim().slice(0, 200)})`,
        "Set blue.files.directory to MediaWiki's upload directory on blue's files host",
      ),
    ];
  }
  const sourceBytes = Number(source.stdout.trim());
  const rsync = await blue.exec("command -v rsync");
  return [
    pass("FILES_DIRECTORY", `${directory} holds ${size(sourceBytes)}`),
    ...directoryName(directory),
    rsync.exitCode === 0
      ? pass("FILES_RSYNC", `rsync is installed on ${ssh.host}`)
      : block("FILES_RSYNC", `${ssh.host} has no rsync`, "Install it there: `apt-get install rsync`"),
    ...(await diskSpace(parts.spec.green.fileSync, parts.pool, sourceBytes)),
    await completeness(parts),
    await ownership(parts),
  ];
}

function directoryName(directory: string): Finding[] {
  if (/^\/[A-Za-z0-9._/+-]*$/.test(directory)) return [];
  return [
    block(
      "FILES_DIRECTORY_NAME",
      `the upload directory ${directory} has characters other than letters, digits and . _ / + -`,
      "Make a symbolic link with a plain name to it, and set blue.files.directory to that",
    ),
  ];
}

async function diskSpace(
  fileSync: ContainerRef & { directory: string },
  pool: SshPool,
  neededBytes: number,
): Promise<Finding[]> {
  const directory = quote(fileSync.directory);
  const script = `df -B1 --output=avail ${directory} | tail -n 1; du -sb ${directory} | cut -f1`;
  let text: string;
  try {
    text = await runInContainer(fileSync, ["sh", "-c", script], pool);
  } catch (error) {
    if (error instanceof WikiferryError && error.code === "CONTAINER_MISSING") return [];
    throw error;
  }
  const [availableBytes = 0, presentBytes = 0] = text.trim().split(/\s+/).map(Number);
  const wantedBytes = Math.max(0, neededBytes - presentBytes) * 1.1;
  if (availableBytes >= wantedBytes)
    return [pass("FILES_DISK_SPACE", `green has ${size(availableBytes)} free for uploads`)];
  return [
    block(
      "FILES_DISK_SPACE",
      `green has ${size(availableBytes)} free, the uploads need ${size(wantedBytes)}`,
      "Give Docker's disk on green more room, or remove unused images with `docker image prune`",
    ),
  ];
}

/** Whether blue has what its database has on record, and nothing that would be a broken link on green. */
async function completeness({ requireWholeBlue }: UploadsPreflightParts): Promise<Finding> {
  const found = await asked(requireWholeBlue);
  // Nobody can bring back what was lost long ago, so a few of those are no warning.
  return "code" in found ? found : pass("FILES_LOST", `on blue ${describePresent(found)}`);
}

/** Whether the SSH user can create files on blue that its web server may change. */
async function ownership({ spec, pool, sides }: UploadsPreflightParts): Promise<Finding> {
  const { ssh } = spec.blue.files;
  const user = Number(await (await pool.to(ssh)).run("id -u"));
  try {
    const { uid, gid } = await sides.rights();
    if (user === 0 || user === uid)
      return pass("FILES_OWNER", `blue's uploads belong to ${uid}:${gid}, and so will new ones`);
    return block(
      "FILES_OWNER",
      `blue's uploads belong to uid ${uid}, and ${ssh.user} can't give files to that user`,
      "Set the user of the host that blue.files.host names (hosts.NAME.user) to root, or to the account that the uploads belong to",
    );
  } catch (error) {
    return findingOf(error);
  }
}
