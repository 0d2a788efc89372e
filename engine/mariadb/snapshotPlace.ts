/** Where in its server's binary log a snapshot was taken; no file where there is no log. */
export interface Place {
  file: string;
  position: number;
}

/** So many answers in a row must be the same. */
const alikeAnswers = 5;
const mostRounds = 20;

/**
 * The place of a session's snapshot. The server (10.11.19, tried) puts the answer together in memory that all sessions
 * share: whoever asks for any status at the same moment, a monitor as well, may have the other's place, and both
 * sides of a comparison, or a copy and its stream, would be a transaction apart. Sessions of one server must therefore
 * ask one after the other, and each until it is told the same several times.
 * @param ask Answers the rows of a query, name and value, as often as is said, each time after the one before.
 * @returns Undefined where the answers never were the same.
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
