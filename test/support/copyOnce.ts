/**
 * Runs one copy in a separate process, which a test may kill. Move and secrets arrive on standard input as JSON.
 * Reports each piece that it starts to copy as a line of JSON, before it reads the first row. At a report that begins
 * with `stopAt` it stands still until it is killed.
 */
import { writeSync } from "node:fs";
import { text } from "node:stream/consumers";
import { copyDatabase } from "../../engine/movers/mariadb/copy/copy";
import type { LogicalContext } from "../../engine/movers/mariadb/copy/logical/run";
import { openMoveSession } from "../../engine/session";
import { standStill } from "./standStill";

async function main(): Promise<void> {
  const { spec, secrets, pieceBytes, stopAt } = JSON.parse(await text(process.stdin));
  const move = openMoveSession(spec, secrets, ({ message }) => {
    if (stopAt && message.startsWith(stopAt)) standStill();
  });
  const context: LogicalContext = {
    ...move,
    pieceBytes,
    onPiece: ({ id, table, after }) => {
      const key = after?.map((value) => value.toString("hex")) ?? [];
      writeSync(1, `${JSON.stringify({ range: id, table, after: key })}\n`);
    },
  };
  await copyDatabase(context);
  await move.close();
}

void main();
