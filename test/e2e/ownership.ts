import { docker } from "../../scripts/common/docker";
import { rehearsalId } from "../../scripts/common/rehearsalId";
import { greenThings, removeGreen } from "../../scripts/rehearsal/worlds/mediawiki/green";
import { ensureWorld, removeWorld } from "../../scripts/rehearsal/worlds/mediawiki/oldSite/index";
import { testImage } from "../support/image";

const id = rehearsalId();
const green = { "wikiferry.side": "green" };
const mine = { ...green, "wikiferry.rehearsal": id };
const gate = "green-gate";
const uploads = "wikiferry-green-uploads";
const ownVolume = "wikiferry-green-file-sync";
const network = "wikiferry-green";
const blueData = "wikiferry-blue-db";

async function clear(): Promise<void> {
  for (const removal of [
    () => docker.getContainer(gate).remove({ force: true }),
    () => docker.getVolume(uploads).remove(),
    () => docker.getVolume(ownVolume).remove(),
    () => docker.getVolume(blueData).remove(),
    () => docker.getNetwork(network).remove(),
  ])
    await removal().catch((error: { statusCode?: number }) => {
      if (error.statusCode !== 404) throw error;
    });
}

const there = (thing: { inspect(): Promise<unknown> }) =>
  thing.inspect().then(
    () => true,
    () => false,
  );

describe("what a rehearsal and its tests remove", () => {
  beforeAll(async () => {
    await removeGreen();
    await removeWorld({ copies: false });
  });

  afterEach(clear);

  const container = async (labels: Record<string, string>) =>
    docker.createContainer({ name: gate, Image: await testImage("redis"), Labels: labels });
  const volume = (name: string, labels: Record<string, string>) =>
    docker.createVolume({ Name: name, Labels: labels });
  const net = (labels: Record<string, string>) =>
    docker.createNetwork({ Name: network, CheckDuplicate: true, Labels: labels });

  test("is what they created: a container, a volume that a killed run left, a network", async () => {
    await Promise.all([container(mine), volume(uploads, mine), net(mine)]);
    expect(await removeGreen()).toBe(3);
    expect(await greenThings()).toEqual([]);
    expect(await there(docker.getVolume(uploads))).toBe(false);
  });

  test.each<[string, () => Promise<unknown>, RegExp]>([
    ["a wiki's container", () => container(green), /container green-gate \(a real move's/],
    [
      "a volume that a wiki's stack has kept",
      () => volume(uploads, green),
      /volume wikiferry-green-uploads \(a real move's/,
    ],
    [
      "a volume of that name without a label",
      () => volume(uploads, {}),
      /volume wikiferry-green-uploads \(a real move's/,
    ],
    ["a wiki's network", () => net(green), /network wikiferry-green \(a real move's/],
    [
      "another checkout's volume",
      () => volume(uploads, { ...green, "wikiferry.rehearsal": "other-1" }),
      /volume wikiferry-green-uploads \(the rehearsal other-1\)/,
    ],
  ])("is never %s: it is named, and nothing is removed", async (_what, make, named) => {
    await make();
    await volume(ownVolume, mine);
    await expect(removeGreen()).rejects.toMatchObject({
      code: "CLEAN_NOT_OURS",
      found: expect.stringMatching(named),
    });
    expect(await there(docker.getVolume(ownVolume))).toBe(true);
    const stays = await Promise.all([
      there(docker.getContainer(gate)),
      there(docker.getVolume(uploads)),
      there(docker.getNetwork(network)),
    ]);
    expect(stays.filter(Boolean)).toHaveLength(1);
  });

  test("is never another checkout's old site: it is neither recreated nor removed", async () => {
    await volume(blueData, { "wikiferry.world": "blue", "wikiferry.rehearsal": "other-1" });
    const refused = { code: "WORLD_NOT_OURS", found: expect.stringContaining("the rehearsal other-1") };
    await expect(ensureWorld({ pages: 100, files: 20, fresh: true })).rejects.toMatchObject(refused);
    await expect(removeWorld()).rejects.toMatchObject(refused);
    expect(await there(docker.getVolume(blueData))).toBe(true);
  });
});
