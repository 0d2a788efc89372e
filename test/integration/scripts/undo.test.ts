import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freshStage, stageAt, stageEnvironment } from "../../../scripts/common/stage";
import { Pulumi } from "../../../scripts/rehearsal/core/pulumi";
import { StackRecord } from "../../../scripts/undo/stack";
import { resourcesOf } from "../../../scripts/undo/state";

jest.setTimeout(240_000);

const urn = (type: string, name: string) => `urn:pulumi:staging::wikiferry::${type}::${name}`;
const stackUrn = urn("pulumi:pulumi:Stack", "wikiferry-staging");
const providerType = "pulumi:providers:pulumi-nodejs";
const copyType = "pulumi-nodejs:dynamic/wikiferry:Copy";
const component = "wikiferry:mediawiki:MediaWiki";

/** The contents of a stack in phase sync, as far as possible without a server. */
const resources = [
  { urn: stackUrn, custom: false, type: "pulumi:pulumi:Stack" },
  { urn: urn(providerType, "default"), custom: true, id: "0f1e", type: providerType },
  {
    urn: urn(copyType, "migration-copy"),
    custom: true,
    id: "wiki-copy",
    type: copyType,
    parent: stackUrn,
    protect: true,
    retainOnDelete: true,
    provider: `${urn(providerType, "default")}::0f1e`,
    inputs: {},
    outputs: { inputsHash: "abc", gtid: "0-1-2" },
  },
  {
    urn: urn(component, "green-mediawiki"),
    custom: false,
    type: component,
    parent: stackUrn,
    protect: true,
    dependencies: [urn(copyType, "migration-copy")],
  },
];

describe("the stack of a move, in a real Pulumi", () => {
  const directory = mkdtempSync(join(tmpdir(), "wikiferry-undo-"));
  const stage = stageAt(directory);
  const pulumi = new Pulumi(stage);
  const record = new StackRecord(
    { environment: { ...process.env, ...stageEnvironment(stage) }, selection: [] },
    () => {},
  );

  beforeAll(async () => {
    freshStage(stage);
    await pulumi.init();
    const state = await record.state();
    const filled = { ...state, deployment: { ...state.deployment, resources } };
    expect((await pulumi.run(["stack", "import"], JSON.stringify(filled))).exitCode).toBe(0);
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  test("lets the database be copied again: the resource no longer counts as done, and it stays protected", async () => {
    await record.forgetCopy();
    const copy = resourcesOf(await record.state()).find(({ type }) => type === copyType);
    expect(copy).toMatchObject({ protect: true, outputs: { inputsHash: "", gtid: "0-1-2" } });
  });

  test("can't be destroyed as it is, since it is protected; says so with its remedy", async () => {
    await expect(record.destroy()).rejects.toMatchObject({
      code: "UNDO_PULUMI",
      found: expect.stringMatching(/green-mediawiki" cannot be deleted/),
      remedy: expect.stringMatching(/run this again/),
    });
  });

  test("of a green that is kept only loses the resources between the sides, also the second time", async () => {
    await record.forgetPromises(false);
    await record.forgetPromises(false);
    const left = resourcesOf(await record.state());
    expect(left.map(({ type }) => type)).toEqual(["pulumi:pulumi:Stack", providerType, component]);
    expect(left[2]).toMatchObject({ protect: true });
  });

  test("ends empty, and a second time there is nothing to do", async () => {
    await record.forgetPromises(true);
    await record.destroy();
    expect(resourcesOf(await record.state())).toEqual([]);
    await record.forgetPromises(true);
    await record.destroy();
    await record.empty();
    expect(resourcesOf(await record.state())).toEqual([]);
  });
});
