/**
 * Runs one copy in a process of its own, which a test may kill: move and secrets come by standard input as JSON. Says
 * each piece that it begins to copy, as a line of JSON, before its first row is read. At a report that begins as
 * `stopAt` it stands still, until it is killed.
 */
import { writeSync } from "node:fs";
import { text } from "node:stream/consumers";
import { openMove } from "../../engine/context";
import { copyDatabase } from "../../engine/mariadb/copy/copy";
import type { LogicalContext } from "../../engine/mariadb/copy/logical/run";
import { standStill } from "./standStill";

async function main(): Promise<void> {
  const { spec, secrets, pieceBytes, stopAt } = JSON.parse(await text(process.stdin));
  const move = openMove(spec, secrets, ({ message }) => {
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
