import { waitForGtid } from "../../../../../engine/movers/mariadb/replication/follow";
import { positions } from "../../../../../engine/movers/mariadb/replication/status";
import { undoBlue } from "../../../../../engine/operations/undo/blue";
import { copyAgain, planCopyAgain } from "../../../../../engine/operations/undo/copyAgain";
import { uploadsOf } from "../../../../../engine/operations/wikiControls";
import { silent } from "../../../../../engine/progress";
import { handler as adoption } from "../../../../../engine/resources/adoption";
import { handler as archive } from "../../../../../engine/resources/archive";
import { handler as copy } from "../../../../../engine/resources/copy";
import { handler as primary } from "../../../../../engine/resources/primary";
import { handler as replication } from "../../../../../engine/resources/replication";
import { handler as uploads } from "../../../../../engine/resources/uploads";
import { handler as verification } from "../../../../../engine/resources/verification";
import { type MoveSession, openMoveSession } from "../../../../../engine/session";
import type { Stack } from "../../../../../scripts/common/stack";
import { planUndo, type Wishes } from "../../../../../scripts/undo/plan";
import { ask } from "../../../../../stacks/mediawiki/status/ask";
import { format } from "../../../../../stacks/mediawiki/status/format";
import { FilesWorld } from "../../../../support/filesWorld";
import { startFollowingPair } from "../../../../support/followingPair";

jest.setTimeout(240_000);

const sides = ["blue", "green"] as const;
const wishes: Wishes = {
  keepGreen: true,
  forgetGreen: false,
  removeVolumes: [],
  removeReplaced: true,
  restart: false,
};

/** Outputs of resources before the records contradict each other. */
const outputs = {
  uploads: { files: 40, following: true },
  replication: { follower: "green" as const, durability: "full" as const },
  adoption: { changed: [], downtimeMs: 0, retired: false },
  primary: { primary: "blue" as const, epoch: 0, writePauseMs: 0, lastFlip: null },
};

let world: FilesWorld;
let move: MoveSession;

beforeAll(async () => {
  world = await FilesWorld.start(startFollowingPair);
  const { pair, spec } = world;
  for (let n = 0; n < 40; n++) await world.upload(`Picture_${n}.png`, `picture ${n}`);
  expect(await waitForGtid(pair.green, (await positions(pair.blue)).binlog, 20_000)).toBe(true);
  // The files host has an operator's key of its own.
  move = { ...openMoveSession(spec, pair.secrets, silent), pool: world.pool };
  expect(await uploads.create(move, { following: true })).toEqual({ files: 40, following: true });
  await uploadsOf(move).follow("off");
  // What each side alone has is what the other direction would delete.
  await world.put("only-on-blue.txt", "blue's newest");
  await world.onGreen("echo newest >only-on-green.txt");
  const own = await pair.green.sessionWithoutBinlog();
  await own.run("UPDATE wikiferry.role SET role = 'green', epoch = 3");
});

afterAll(async () => {
  await move?.close();
  await world?.close();
});

/** All that a deletion, a promotion or a new source would change. */
async function everything() {
  const listing = "find . -type f -not -path './thumb/*' -exec sha1sum {} + | sort -k2";
  const databases = await Promise.all(
    sides.map(async (side) => {
      const server = world.pair[side];
      const [stream] = await server.rows("SHOW ALL SLAVES STATUS");
      return {
        side,
        role: await server.row("SELECT * FROM wikiferry.role"),
        readOnly: await server.value("SELECT @@GLOBAL.read_only"),
        binlog: (await positions(server)).binlog,
        source: stream && [stream.Master_Host, stream.Slave_IO_Running, stream.Slave_SQL_Running],
        accounts: await server.rows("SELECT User, Host, Priv FROM mysql.global_priv ORDER BY 1, 2"),
        journal: await server.value("SELECT COUNT(*) FROM wikiferry.journal"),
      };
    }),
  );
  return {
    databases,
    direction: await uploadsOf(move).direction(),
    onBlue: await world.onBlue(`cd /srv/uploads && ${listing}`),
    onGreen: await world.onGreen(listing),
  };
}

describe("while each side's record names itself, nothing is changed by", () => {
  test.each<[string, () => Promise<unknown>]>([
    ["the sync of uploads", () => uploads.update(move, { following: true }, outputs.uploads)],
    ["the end of it", () => uploads.update(move, { following: false }, outputs.uploads)],
    ["the setup of replication", () => replication.create(move, { following: true, flipping: true })],
    ["the end of replication", () => replication.create(move, { following: false, flipping: false })],
    ["the removal of replication", () => replication.remove(move, outputs.replication)],
    ["the removal of the adoption", () => adoption.remove(move, outputs.adoption)],
    ["a copy", () => copy.create(move, {})],
    ["a comparison", () => verification.create(move, { before: "blue" })],
    ["a flip to green", () => primary.create(move, { active: "green" })],
    ["a flip to blue", () => primary.create(move, { active: "blue" })],
    ["an archive of blue", () => archive.create(move, {})],
    ["the plan of an undo", () => planUndo(stack(), move, wishes)],
    ["an undo that was planned before", () => undoBlue(move, wishes)],
    ["the plan of another copy", () => planCopyAgain(move, { phase: "sync", canary: 0 })],
    ["another copy that was planned before", () => copyAgain(move)],
    ["a look at who is primary", () => primary.read(move, outputs.primary)],
  ])("%s", async (_what, act) => {
    const was = await everything();
    await expect(act()).rejects.toMatchObject({ code: "CTRL_TWO_PRIMARIES" });
    expect(await everything()).toEqual(was);
  });

  test("status, which tells of it and offers no command that acts", async () => {
    const was = await everything();
    const status = await ask(stack());
    expect(status).toMatchObject({ ok: false, primary: null, contested: { code: "CTRL_TWO_PRIMARIES" } });
    expect(status.next.map(({ command }) => command)).toEqual(["npm run status"]);
    expect(format(status)).toContain("CTRL_TWO_PRIMARIES: blue's record names blue (epoch 0)");
    expect(await everything()).toEqual(was);
  });
});

test("once one record is corrected, all goes on", async () => {
  const own = await world.pair.green.sessionWithoutBinlog();
  await own.run("UPDATE wikiferry.role SET role = 'blue', epoch = 0");
  expect(await uploads.update(move, { following: true }, outputs.uploads)).toMatchObject({
    files: 40,
  });
  expect((await world.onGreen("ls only-*")).trim()).toBe("only-on-blue.txt");
});

function stack(): Stack {
  const config: Partial<Stack["config"]> = { name: "testwiki", phase: "sync", active: "blue", canary: 0 };
  return {
    name: "test",
    config: config as Stack["config"],
    spec: world.spec,
    secrets: world.pair.secrets,
    environment: {},
    selection: [],
  };
}
