import { releaseLease } from "../../../../../engine/control/mariadb/lease";
import { commitRole, readRole } from "../../../../../engine/control/mariadb/role";
import { otherSide, type Side } from "../../../../../engine/move";
import {
  type LeaseFact,
  mayClose,
  mayFlip,
  mayOpen,
  type RoleFact,
} from "../../../../../engine/movers/mariadb/fencing/conditions";
import { runGuarded } from "../../../../../engine/movers/mariadb/fencing/guardedStatement";
import {
  closeStatement,
  fenceStatement,
  openStatement,
  underALease,
} from "../../../../../engine/movers/mariadb/fencing/statements";
import {
  armWatchdog,
  disarmWatchdog,
  exerciseWatchdog,
  isAwake,
  readWatchdog,
  rearmWatchdog,
} from "../../../../../engine/movers/mariadb/fencing/watchdog";
import { silent } from "../../../../../engine/progress";
import type { Server } from "../../../../../engine/runtime/mariadb/server";
import { acquireLease } from "../../../../support/acquireLease";
import { type FollowingPair, startFollowingPair } from "../../../../support/followingPair";
import { eventually } from "../../../../support/mariadb";

const positionOf = async (server: Server) => (await server.value("SELECT @@GLOBAL.gtid_binlog_pos")) ?? "";

let pair: FollowingPair;
const sides: readonly Side[] = ["blue", "green"];

beforeAll(async () => {
  pair = await startFollowingPair();
});
afterAll(() => pair?.stop());

const isClosed = async (server: Server) => (await server.value("SELECT @@GLOBAL.read_only")) === "1";
const setClosed = async (server: Server, closed: boolean) =>
  (await server.sessionWithoutBinlog()).run("SET GLOBAL read_only = ?", [closed ? 1 : 0]);

/** Sets a server's rows to the given facts. */
async function setFacts(server: Server, role: RoleFact, lease: LeaseFact): Promise<void> {
  const session = await server.sessionWithoutBinlog();
  await session.run("UPDATE wikiferry.role SET role = ?, epoch = ?", [role.role, role.epoch]);
  await session.run(
    `REPLACE INTO wikiferry.lease VALUES (1, ?, 'test', ?, UTC_TIMESTAMP(6),
       UTC_TIMESTAMP(6) + INTERVAL ? SECOND)`,
    [lease.holder, lease.epoch, lease.live ? 600 : -600],
  );
}

async function isObeyed(server: Server, statement: string, values: unknown[]): Promise<boolean> {
  try {
    await runGuarded(await server.sessionWithoutBinlog(), statement, values);
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: "CTRL_REFUSED" });
    return false;
  }
}

describe("a server decides by the same conditions as the model", () => {
  const cases = sides.flatMap((me) =>
    sides.flatMap((role) =>
      [0, 4, 5].flatMap((epoch) =>
        ["us", "them"].flatMap((holder) =>
          [true, false].map((live) => ({ me, role: { role, epoch: 4 }, lease: { holder, epoch, live } })),
        ),
      ),
    ),
  );

  afterAll(async () => {
    for (const side of sides) {
      await setFacts(pair[side], { role: "blue", epoch: 0 }, { holder: "", epoch: 0, live: false });
      await setClosed(pair[side], side === "green");
    }
  });

  test.each(cases)(
    "$me: record $role.role $role.epoch, lease of $lease.holder for $lease.epoch, live $lease.live",
    async ({ me, role, lease }) => {
      const server = pair[me];
      const facts = () => setFacts(server, role, lease);

      await facts();
      await setClosed(server, true);
      // Whoever opens gives up a fence of its own first.
      const given = lease.holder === "us" ? { ...lease, epoch: 0 } : lease;
      expect(await isObeyed(server, openStatement(me), ["us"])).toBe(mayOpen(me, role, given));
      expect(await isClosed(server)).toBe(!mayOpen(me, role, given));

      await facts();
      await setClosed(server, false);
      expect(await isObeyed(server, closeStatement(me), [])).toBe(mayClose(me, role));
      expect(await isClosed(server)).toBe(mayClose(me, role));

      await facts();
      await setClosed(server, false);
      expect(await isObeyed(server, fenceStatement(me), ["us"])).toBe(mayFlip(me, role, lease, "us"));
      expect(await isClosed(server)).toBe(mayFlip(me, role, lease, "us"));

      expect(await isObeyed(server, underALease("DO 1"), ["us"])).toBe(lease.live && lease.holder === "us");

      // Committing writes to the stream, so where it may is tried once, below.
      if (mayFlip(me, role, lease, "us")) return;
      await expect(
        commitRole(server, {
          to: otherSide(me),
          epoch: 4,
          leaseHolder: "us",
          position: await positionOf(server),
        }),
      ).rejects.toMatchObject({ code: "CTRL_COMMIT_REFUSED" });
    },
  );
});

test("a late statement leaves no lock behind", async () => {
  const { green } = pair;
  expect(await isObeyed(green, fenceStatement("green"), ["long gone"])).toBe(false);
  expect(await green.value("SELECT IS_USED_LOCK('wikiferry.rule')")).toBeUndefined();
});

describe("the dead man's switch", () => {
  beforeAll(async () => {
    for (const side of sides) await armWatchdog(pair[side]);
  });
  afterAll(async () => {
    for (const side of sides) await disarmWatchdog(pair[side]);
  });

  test("is armed and runs about every second", async () => {
    for (const side of sides) {
      await eventually(
        async () => {
          const seen = await readWatchdog(pair[side]);
          expect(seen).toMatchObject({ installed: true, schedulerOn: true });
          expect(seen.lastTickMs).toBeLessThan(10_000);
        },
        10_000,
        "a look",
      );
    }
  });

  test("is tried on live servers without changing them", async () => {
    for (const side of sides) await exerciseWatchdog(pair[side], silent);
    expect(await isClosed(pair.blue)).toBe(false);
    expect(await isClosed(pair.green)).toBe(true);
    for (const side of sides)
      expect(await pair[side].value("SHOW DATABASES LIKE 'wikiferry_probe'")).toBeUndefined();
  });

  test("is re-armed where the clock was set back, which delays its next run", async () => {
    const { blue } = pair;
    const session = await blue.sessionWithoutBinlog();
    await session.run(
      "ALTER EVENT wikiferry.rule ON SCHEDULE EVERY 1 SECOND STARTS CURRENT_TIMESTAMP + INTERVAL 1 HOUR",
    );
    await session.run("UPDATE wikiferry.watch SET ticked_at = UTC_TIMESTAMP(6) + INTERVAL 1 HOUR");
    expect(isAwake(await readWatchdog(blue))).toBe(false);
    expect(await rearmWatchdog(blue)).toBe(true);
    expect(isAwake(await readWatchdog(blue))).toBe(true);
    expect(await rearmWatchdog(blue)).toBe(false);
  });

  test("opens a fenced server once the lease has ended, and that run can't commit any more", async () => {
    const { blue } = pair;
    await acquireLease(blue, { holder: "dies", purpose: "test", epoch: 1, durationMs: 4_000 });
    await runGuarded(await blue.sessionWithoutBinlog(), fenceStatement("blue"), ["dies"]);
    expect(await isClosed(blue)).toBe(true);
    await eventually(async () => expect(await isClosed(blue)).toBe(false), 20_000, "the opening");
    await expect(
      commitRole(blue, { to: "green", epoch: 0, leaseHolder: "dies", position: await positionOf(blue) }),
    ).rejects.toMatchObject({
      code: "CTRL_COMMIT_REFUSED",
    });
  });

  test("opens the new primary when the tool died right after the commit, and keeps the old one closed", async () => {
    const { blue, green } = pair;
    await acquireLease(blue, { holder: "dies", purpose: "test", epoch: 1, durationMs: 60_000 });
    await runGuarded(await blue.sessionWithoutBinlog(), fenceStatement("blue"), ["dies"]);
    await commitRole(blue, { to: "green", epoch: 0, leaseHolder: "dies", position: await positionOf(blue) });
    await eventually(async () => expect(await isClosed(green)).toBe(false), 15_000, "the opening");
    expect(await readRole(green)).toMatchObject({ role: "green", epoch: 1 });
    await releaseLease(blue, "dies");
    const ran = "SELECT ticked_at > ? FROM wikiferry.watch WHERE id = 1";
    for (let run = 1; run <= 2; run++) {
      const now = await blue.value("SELECT UTC_TIMESTAMP(6)");
      await eventually(async () => expect(await blue.value(ran, [now])).toBe("1"), 15_000, "blue's next run");
    }
    expect(await isClosed(blue)).toBe(true);
  });
});
