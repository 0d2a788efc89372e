import type { Role } from "../../../engine/control/mariadb/role";
import { chooseListening } from "../../../engine/movers/mariadb/adopt/listening";
import { standing } from "../../../engine/operations/undo/standing";
import {
  isPromise,
  resourcesOf,
  type StackState,
  withoutCopy,
  withoutPromises,
} from "../../../scripts/undo/state";

const dynamic = "pulumi-nodejs:dynamic/wikiferry:";

const state: StackState = {
  version: 3,
  deployment: {
    pending_operations: [{}],
    secrets_providers: { type: "passphrase" },
    resources: [
      { urn: "stack", type: "pulumi:pulumi:Stack" },
      { urn: "certificate", type: `${dynamic}Certificate`, parent: "stack" },
      { urn: "copy", type: `${dynamic}Copy`, protect: true, outputs: { inputsHash: "abc", gtid: "0-1-2" } },
      { urn: "stream", type: `${dynamic}Replication`, dependencies: ["copy"], outputs: { inputsHash: "d" } },
      { urn: "volume", type: "docker:index/volume:Volume", protect: true },
      {
        urn: "web",
        type: "docker:index/container:Container",
        dependencies: ["copy", "volume"],
        propertyDependencies: { envs: ["copy"], volumes: ["volume"] },
        deletedWith: "copy",
      },
    ],
  },
};

describe("the stack's state", () => {
  test("without the resources between the sides names none of them, and what is left may be destroyed", () => {
    const { deployment } = withoutPromises(state, true);
    expect(deployment).toEqual({
      secrets_providers: { type: "passphrase" },
      resources: [
        { urn: "stack", type: "pulumi:pulumi:Stack" },
        { urn: "certificate", type: `${dynamic}Certificate`, parent: "stack" },
        { urn: "volume", type: "docker:index/volume:Volume", protect: false },
        {
          urn: "web",
          type: "docker:index/container:Container",
          dependencies: ["volume"],
          propertyDependencies: { envs: [], volumes: ["volume"] },
        },
      ],
    });
  });

  test("of a green that is kept stays protected", () => {
    const kept = resourcesOf(withoutPromises(state, false));
    expect(kept.some(isPromise)).toBe(false);
    expect(kept.find(({ urn }) => urn === "volume")?.protect).toBe(true);
  });

  test("for a repeated copy keeps every resource, and lets copy and stream be created again", () => {
    const marked = resourcesOf(withoutCopy(state));
    expect(marked.map(({ urn }) => urn)).toEqual(resourcesOf(state).map(({ urn }) => urn));
    expect(marked[2]).toMatchObject({ protect: true, outputs: { inputsHash: "", gtid: "0-1-2" } });
    expect(marked[3]).toMatchObject({ outputs: { inputsHash: "" } });
    expect(marked[1]).toEqual(resourcesOf(state)[1]);
  });
});

describe("who takes the edits", () => {
  const role = (side: "blue" | "green", epoch = 1): Role => ({
    role: side,
    epoch,
    wiki: "wiki",
    changedAt: "2026-11-21 00:00:00",
  });
  const away = new Error("no answer");

  test.each([
    ["nobody by a record", undefined, undefined, undefined],
    ["blue, before green is there", role("blue", 0), away, "blue"],
    ["nobody by a record, when green is gone after blue was cleaned", undefined, away, undefined],
    ["green by blue's word, when green is away", role("green"), away, "green"],
    ["green by green's word, when blue's record is gone", undefined, role("green"), "green"],
    ["blue by green's word, when blue is away", away, role("blue"), "blue"],
  ])("is %s", (_what, blue, green, primary) => {
    expect(standing({ blue, green }).primary).toBe(primary);
  });

  test("is nobody's guess where both claim it", () => {
    expect(() => standing({ blue: role("blue"), green: role("green") })).toThrow(/CTRL_TWO_PRIMARIES/);
  });
});

describe("where blue has to listen", () => {
  const local = { bind_address: "127.0.0.1", version: "10.11.6-MariaDB" };
  const said = (...lines: string[]) => lines.join("\n");

  test("is the address of its name, if the host has that address", () => {
    expect(
      chooseListening(local, said("local 10.0.0.5 192.0.2.7", "name 192.0.2.7", "way 10.0.0.5"), "db"),
    ).toEqual({ address: "127.0.0.1,192.0.2.7", why: "192.0.2.7, db" });
  });

  test("is the address from which it reaches green, where its name has another's address", () => {
    const found = chooseListening(
      local,
      said("local 10.0.0.5 10.1.0.5", "name 203.0.113.9", "way 10.1.0.5"),
      "db",
    );
    expect(found).toEqual({ address: "127.0.0.1,10.1.0.5", why: "10.1.0.5, the way to green" });
  });

  test("is everywhere where no single one is known, and says so", () => {
    const found = chooseListening(local, said("local 10.0.0.5 10.1.0.5", "name 127.0.1.1", "way"), "db");
    expect(found).toMatchObject({ address: "0.0.0.0", why: expect.stringContaining("none of this host's") });
  });

  test("is everywhere before 10.11, which listens on one address or on all, and says so", () => {
    const found = chooseListening({ ...local, version: "10.6.18-MariaDB" }, "local 10.0.0.5", "db");
    expect(found).toMatchObject({ address: "0.0.0.0", why: expect.stringContaining("before 10.11") });
  });

  test("stays as it is where it listens for others, and as adoption found it", () => {
    expect(chooseListening({ ...local, bind_address: "0.0.0.0" }, "local 10.0.0.5", "db")).toBeUndefined();
    expect(chooseListening(local, said("local 10.0.0.5", "before 127.0.0.1,10.0.0.9"), "db")?.address).toBe(
      "127.0.0.1,10.0.0.9",
    );
  });
});
