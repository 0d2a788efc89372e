import { Journal } from "../../engine/control/mariadb/journal";
import type { CutoverLimits, DatabaseSide, Side } from "../../engine/move";
import type { Controls } from "../../engine/movers/mariadb/cutover/controls";
import { cutover } from "../../engine/movers/mariadb/cutover/cutover";
import { Server } from "../../engine/runtime/mariadb/server";
import { SshPool } from "../../engine/runtime/ssh/pool";
import { standStill } from "./standStill";

/** What the parent sends first. */
export interface ChildOrder {
  places: Record<Side, DatabaseSide>;
  passwords: Record<Side, string>;
  sshPrivateKey: string;
  database: string;
  replicationPassword: string;
  limits: CutoverLimits;
  from: Side;
  to: Side;
  /** The step of the attempt, or from its last step on a call to what it controls, before which this process kills itself. */
  killBefore: string;
}

/** A call of the parent's controls. */
export interface ChildCall {
  call: keyof Controls;
  args: unknown[];
}

/** Runs a flip and ends itself with SIGKILL, so that nothing is cleaned up, before the named action. */
async function main(order: ChildOrder): Promise<void> {
  // A run that tidies up first makes some of the same calls.
  let turning = false;
  const act = (action: string) => {
    if (action !== order.killBefore) return;
    process.send?.({ killed: action }, undefined, undefined, () => process.kill(process.pid, "SIGKILL"));
    // Nothing more may happen until the message is sent and the signal has arrived.
    standStill(50);
    process.kill(process.pid, "SIGKILL");
  };
  const pool = new SshPool(order.sshPrivateKey);
  const servers = {
    blue: new Server(order.places.blue, order.passwords.blue, pool),
    green: new Server(order.places.green, order.passwords.green, pool),
  };
  let answer: (value: { result?: unknown; error?: string }) => void = () => {};
  process.on("message", (message: { result?: unknown; error?: string }) => answer(message));
  const pending: Promise<unknown>[] = [];
  const ask =
    (call: keyof Controls) =>
    async (...args: unknown[]) => {
      if (turning) act(call);
      // One request at a time: the parent answers in order.
      const turn = Promise.allSettled([...pending]).then(
        () =>
          new Promise<{ result?: unknown; error?: string }>((resolve) => {
            answer = resolve;
            process.send?.({ call, args } satisfies ChildCall);
          }),
      );
      pending.push(turn);
      const { result, error } = await turn;
      if (error) throw new Error(error);
      return result;
    };
  const controls = Object.fromEntries(
    (["quiesce", "hold", "drain", "lastFiles", "awaitWritable", "turn", "release", "resume"] as const).map(
      (call) => [call, ask(call)],
    ),
  ) as unknown as Controls;
  await cutover(
    {
      servers,
      database: order.database,
      appUser: "wikiuser",
      replicationPassword: order.replicationPassword,
      limits: order.limits,
      controls,
      journal: new Journal(servers.green),
      holder: `child:${process.pid}`,
      // Each step of the attempt reports when it begins.
      report: ({ step }) => {
        act(step);
        turning ||= step === "turn the gate";
      },
      findBlockers: async () => [],
    },
    order,
  );
  process.send?.({ finished: true });
  process.disconnect();
  process.exit(0);
}

process.once("message", (order: ChildOrder) => {
  main(order).catch((error: unknown) => {
    process.send?.({ threw: String(error) }, undefined, undefined, () => process.exit(1));
  });
});
