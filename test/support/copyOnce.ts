/** Runs one copy in a process of its own, which a test may kill: move and secrets come by standard input as JSON. */
import { text } from "node:stream/consumers";
import { openMove } from "../../engine/context";
import { copyDatabase } from "../../engine/mariadb/copy/copy";

async function main(): Promise<void> {
  const { spec, secrets } = JSON.parse(await text(process.stdin));
  const move = openMove(spec, secrets, () => {});
  await copyDatabase(move);
  await move.close();
}

void main();
