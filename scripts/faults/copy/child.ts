/**
 * The tool in a separate process that can be killed: copies, and follows unless told otherwise. The order arrives on
 * standard input as JSON. Each action is a line of JSON on standard output, written before the action.
 */
import { writeSync } from "node:fs";
import { text } from "node:stream/consumers";
import { messageOf } from "../../../engine/errors";
import { copyDatabase } from "../../../engine/movers/mariadb/copy/copy";
import type { LogicalContext } from "../../../engine/movers/mariadb/copy/logical/run";
import { follow } from "../../../engine/movers/mariadb/replication/follow";
import { deriveSecret } from "../../../engine/secrets";
import { openMoveSession } from "../../../engine/session";
import type { ChildEvent, ChildOrder } from "./order";

const tell = (event: ChildEvent) => void writeSync(1, `${JSON.stringify(event)}\n`);

async function main(): Promise<void> {
  const { spec, secrets, pieceBytes, thenFollow } = JSON.parse(await text(process.stdin)) as ChildOrder;
  const move = openMoveSession(spec, secrets, ({ message }) => tell({ kind: "report", message }));
  const context: LogicalContext = {
    ...move,
    pieceBytes,
    onPiece: ({ id, table, after }) =>
      tell({ kind: "piece", range: id, table, after: after?.map((value) => value.toString("hex")) ?? [] }),
  };
  try {
    const { bytes, rows } = await copyDatabase(context);
    tell({ kind: "copied", bytes, rows, peakBytes: process.resourceUsage().maxRSS * 1024 });
    if (thenFollow) {
      await follow(move.green, move.blue, deriveSecret(secrets.masterSecret, "mariadb-replication"));
      tell({ kind: "following" });
    }
  } catch (error) {
    tell({ kind: "failed", message: messageOf(error) });
    process.exitCode = 1;
  }
  await move.close();
}

void main();
