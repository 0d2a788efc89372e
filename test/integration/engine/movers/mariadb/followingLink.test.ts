import { setTimeout as sleep } from "node:timers/promises";
import { catchUp } from "../../../../../engine/movers/mariadb/replication/catchUp";
import { replicationStatus } from "../../../../../engine/movers/mariadb/replication/status";
import { silent } from "../../../../../engine/progress";
import { TcpProxy } from "../../../../../scripts/faults/proxy";
import { type FollowingPair, startFollowingPair } from "../../../../support/followingPair";
import { eventually } from "../../../../support/mariadb";
import { contentOf } from "../../../../support/mariadbContent";

jest.setTimeout(180_000);

let pair: FollowingPair;
let toBlue: TcpProxy;
let toGreen: TcpProxy;

beforeAll(async () => {
  pair = await startFollowingPair({
    relay: async (hostAddress, addresses) => {
      toBlue = new TcpProxy("green to blue", { host: addresses.blue, port: 3306 });
      toGreen = new TcpProxy("blue to green", { host: addresses.green, port: 3306 });
      return { blue: await toBlue.listen(hostAddress), green: await toGreen.listen(hostAddress) };
    },
  });
  await pair.blue.run("CREATE TABLE wikidb.page (id INT PRIMARY KEY AUTO_INCREMENT, t INT) ENGINE = InnoDB");
});
afterAll(async () => {
  await pair?.stop();
  await Promise.all([toBlue?.close(), toGreen?.close()]);
});

test.each([
  ["reset", 6_000],
  ["silent", 12_000],
] as const)(
  "replication waits for a connection that is cut (%s) for %i ms, and then applies what came meanwhile",
  async (how, forMs) => {
    await pair.blue.run("INSERT INTO wikidb.page (t) VALUES (1)");
    toBlue.cut(how);
    await pair.blue.run("INSERT INTO wikidb.page (t) VALUES (2), (3)");
    const waiting = catchUp(pair.green, pair.blue, { report: silent });
    let over = false;
    void waiting.then(
      () => (over = true),
      () => (over = true),
    );
    if (how === "reset")
      await eventually(
        async () => expect((await replicationStatus(pair.green))?.cause).toBe("REPL_UNREACHABLE"),
        10_000,
        "the loss",
      );
    await sleep(forMs);
    expect(over).toBe(false);
    toBlue.heal();
    expect((await waiting).lagMs).toBeLessThanOrEqual(1_000);
    expect(await contentOf(pair.green, "wikidb")).toEqual(await contentOf(pair.blue, "wikidb"));
  },
);
