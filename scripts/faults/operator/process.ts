import { randomBytes } from "node:crypto";
import { writeSync } from "node:fs";
import { text } from "node:stream/consumers";
import { Journal } from "../../../engine/control/mariadb/journal";
import { messageOf, WikiferryError } from "../../../engine/errors";
import { cutover } from "../../../engine/movers/mariadb/cutover/cutover";
import { flipBlockers } from "../../../engine/movers/mariadb/preflight/flipBlockers";
import type { ProgressEvent } from "../../../engine/progress";
import { Server } from "../../../engine/runtime/mariadb/server";
import { SshPool } from "../../../engine/runtime/ssh/pool";
import { Gate } from "../../../engine/traffic/gate/gate";
import { LabControls } from "./controls";
import { type OperatorLine, type OperatorOrder, pointOf } from "./order";

/** Where lines go. They are written at once, so that a process that stops itself has reported it before. */
const lines = 3;

function say(line: OperatorLine): void {
  writeSync(lines, `${JSON.stringify(line)}\n`);
}

async function main(order: OperatorOrder): Promise<void> {
  const pool = new SshPool(order.sshPrivateKey);
  const servers = {
    blue: new Server(order.places.blue, order.passwords.blue, pool),
    green: new Server(order.places.green, order.passwords.green, pool),
  };
  const gate = new Gate(order.gate.admin, pool, { password: order.gate.password });
  const holder = `operator:${process.pid}:${randomBytes(3).toString("hex")}`;
  const result = await cutover(
    {
      servers,
      database: order.database,
      appUser: "wikiuser",
      replicationPassword: order.replicationPassword,
      limits: order.limits,
      controls: new LabControls(gate, order.apps, order.limits.attemptMs),
      journal: new Journal(servers.green),
      holder,
      report: reporter(order),
      findBlockers: (from, to) =>
        flipBlockers({
          primary: servers[from],
          replica: servers[to],
          database: order.database,
          tablePrefix: "",
          appUser: "wikiuser",
          limits: order.limits,
          holder,
        }),
    },
    order,
  );
  say({
    ended: {
      outcome: result.alreadyThere ? "nothing to do" : "flipped",
      readOnlyMs: result.readOnlyMs,
      holdMs: result.holdMs,
    },
    at: Date.now(),
  });
}

function reporter({ halt }: OperatorOrder): (event: ProgressEvent) => void {
  let met = false;
  const act = (point: string) => {
    say({ halted: point, at: Date.now() });
    if (halt?.how === "kill") process.kill(process.pid, "SIGKILL");
    if (halt?.how === "stop") process.kill(process.pid, "SIGSTOP");
  };
  return (event) => {
    const point = pointOf(event);
    say({ said: `${event.step}: ${event.message}`, at: Date.now() });
    if (met || point !== halt?.at) return;
    met = true;
    if (halt.delayMs === 0) act(point);
    else setTimeout(() => act(point), halt.delayMs);
  };
}

text(process.stdin)
  .then((order) => main(JSON.parse(order) as OperatorOrder))
  .then(
    () => process.exit(0),
    (error: unknown) => {
      say({
        ended: {
          outcome: "failed",
          code: error instanceof WikiferryError ? error.code : "UNKNOWN",
          message:
            error instanceof WikiferryError ? messageOf(error) : String((error as Error)?.stack ?? error),
        },
        at: Date.now(),
      });
      process.exit(1);
    },
  );
