/** Where in its server's binary log a snapshot was taken. No file where there is no log. */
export interface Place {
  file: string;
  position: number;
}

/** How many consecutive answers must be equal. */
const alikeAnswers = 5;
const mostRounds = 20;

/**
 * The binary log position of a session's snapshot. The server (10.11.19, tried) assembles the answer in memory that all
 * sessions share: whoever asks for any status at the same moment, a monitor included, may get another session's
 * position. Both sides of a comparison, or a copy and its stream, would then be a transaction apart. So sessions of one
 * server must ask one after the other, and each until it gets the same answer several times.
 * @param ask Returns the rows of a query (name and value) as often as requested, one after the other.
 * @returns Undefined where the answers were never the same.
 */
export async function ownPlace(
  ask: (query: string, times: number) => Promise<unknown[][][]>,
): Promise<Place | undefined> {
  for (let round = 0; round < mostRounds; round++) {
    const places = (await ask("SHOW STATUS LIKE 'binlog_snapshot_%'", alikeAnswers)).map(placeOf);
    const [first] = places;
    if (first && places.length === alikeAnswers && places.every((one) => samePlace(one, first))) return first;
  }
  return undefined;
}

export function samePlace(a: Place, b: Place): boolean {
  return a.file === b.file && a.position === b.position;
}

function placeOf(status: unknown[][]): Place {
  const of = (name: string) =>
    String(status.find(([other]) => String(other).toLowerCase() === name)?.[1] ?? "");
  return { file: of("binlog_snapshot_file"), position: Number(of("binlog_snapshot_position")) };
}
