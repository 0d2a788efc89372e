import { duration } from "../../engine/format";
import type { Suite } from "./debian";
import { setUpDocker } from "./docker";
import { imageFolders, oldSiteFolders } from "./imageFolders";
import { setUpImages } from "./images";
import { withLock } from "./lock";
import { setUpPlugins } from "./plugins";
import { setUpEngine } from "./pulumi";
import { readRecord, type SetupRecord, writeRecord } from "./record";
import { say } from "./say";

export { imageRef } from "./images";
export type { SetupRecord } from "./record";

/**
 * Prepares this machine for a rehearsal: the Pulumi engine, its plugins, Docker, the images. Idempotent; asks nothing;
 * reports progress on stderr. Its choices are also in `.wikiferry/setup.json`.
 * @param suite Debian's release on the old site's hosts; their images are built as well. Defaults to bookworm.
 * @throws WikiferryError `SETUP_PULUMI`, `SETUP_DOCKER` or `SETUP_IMAGES`, with the command that fixes it.
 */
export async function setup(suite: Suite = "bookworm"): Promise<SetupRecord> {
  return withLock(async () => {
    const startedMs = Date.now();
    // Docker first: it fails fastest, before anything has been downloaded.
    const docker = await setUpDocker();
    const pulumiReady = setUpEngine().then(setUpPlugins);
    // In parallel where both start from nothing: one mostly downloads while the other compiles.
    const [pulumi, images] = await Promise.allSettled([
      pulumiReady,
      setUpImages([...imageFolders(), ...hostsOn(suite)]),
    ]);
    if (images.status === "fulfilled")
      writeRecord({ ...(readRecord() ?? { pulumi: "offline", docker }), images: images.value });
    if (pulumi.status === "rejected") throw pulumi.reason;
    if (images.status === "rejected") throw images.reason;
    const record: SetupRecord = { pulumi: pulumi.value, docker, images: images.value };
    writeRecord(record);
    const took = duration(Date.now() - startedMs);
    say(
      `ready in ${took}: Pulumi (${record.pulumi} plugins), Docker (${docker}), ${Object.keys(images.value).length} images`,
    );
    return record;
  });
}

const hostsOn = (suite: Suite) => (suite === "bookworm" ? [] : oldSiteFolders(suite));

/**
 * Builds the images of the old site's hosts on a release of Debian, where they are missing, on the engine that runs.
 * @throws WikiferryError `SETUP_IMAGES`
 */
export async function setUpOldSite(suite: Suite): Promise<void> {
  const folders =
    suite === "bookworm" ? imageFolders().filter(({ service }) => /^blue-/.test(service)) : hostsOn(suite);
  await withLock(async () => {
    const images = await setUpImages(folders);
    const record = readRecord() ?? { pulumi: "offline" as const, docker: "running" as const, images: {} };
    writeRecord({ ...record, images });
  });
}
