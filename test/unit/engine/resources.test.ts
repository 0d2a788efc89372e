import type { MoveSpec } from "../../../engine/move";
import { follow } from "../../../engine/movers/mariadb/replication/follow";
import { lifecycle } from "../../../engine/resources";
import type { ResourceHandler } from "../../../engine/resources/handler";
import { hashOf } from "../../../engine/resources/lifecycle";
import { type MoveSession, openMoveSession } from "../../../engine/session";
import { databaseAccess, pick } from "../../../engine/slice";
import { moveSpec } from "../../../stacks/mediawiki/spec";
import { stackConfig } from "../../support/stackConfig";

const { check, diff, sliceFor } = lifecycle;

const specOf = (changes: Record<string, string | number>): MoveSpec => moveSpec(stackConfig("prod", changes));

test("a slice has the named values and nothing more", () => {
  const from: { a: number; b?: string; c: { d: number } } = { a: 1, c: { d: 2 } };
  expect(pick(from, "a")).toEqual({ a: 1 });
  expect(pick(from, "b", "c")).toEqual({ c: { d: 2 } });
});

test("the compiler refuses a handler that reads what its slice leaves out", () => {
  const slice = (spec: MoveSpec) => ({ ...databaseAccess(spec), cutover: pick(spec.cutover, "drainMs") });
  type Session = MoveSession<ReturnType<typeof slice>>;
  const handler: ResourceHandler<Session, object, object> = {
    slice,
    open: openMoveSession,
    async create({ spec, blue, green }) {
      // @ts-expect-error no other limit is in the slice
      const other = spec.cutover.maxLagMs;
      // @ts-expect-error the copy's settings are not in the slice
      const copy = spec.copy;
      // @ts-expect-error nor are the addresses by which the servers follow each other
      const following = () => follow(green, blue, "password");
      return { drainMs: spec.cutover.drainMs, other, copy, following };
    },
    // @ts-expect-error a session with the whole description is more than it gets
    read: async (_session: MoveSession<MoveSpec>) => undefined,
    update: async () => ({}),
    remove: async () => {},
  };
  expect(Object.keys(handler.slice(specOf({})))).toEqual(["blue", "green", "cutover"]);
});

describe("what a resource was updated with", () => {
  const inputs = (changes: Record<string, string | number>) => ({
    spec: sliceFor("verification", specOf(changes)),
    before: "blue",
  });
  const olds = { ...inputs({}), gtid: "0-1-7", tables: 1, rows: "1", inputsHash: hashOf(inputs({})) };

  test("is no difference to a config that changed elsewhere", async () => {
    const { inputs: news } = await check("verification", inputs({ "tuning.cutover.drainMs": 1500 }));
    expect(await diff("verification", olds, news as ReturnType<typeof inputs>)).toMatchObject({
      changes: false,
    });
  });

  test("is one to a value that it uses", async () => {
    expect(await diff("verification", olds, inputs({ "tuning.verify.sessions": 2 }))).toMatchObject({
      changes: true,
      replaces: [],
    });
  });

  test("is one where what was read no longer holds", async () => {
    expect(await diff("verification", { ...olds, gtid: "" }, inputs({}))).toMatchObject({ changes: true });
  });
});
