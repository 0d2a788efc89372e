/** Where in its server's binary log a snapshot was taken; no file where there is no log. */
export interface Place {
  file: string;
  position: number;
}

/** What a session in a snapshot asks for its place. */
export const placeQuery = "SHOW STATUS LIKE 'binlog_snapshot_%'";
/** So many answers in a row must be the same. */
export const alikeAnswers = 5;
const mostRounds = 20;

/**
 * The place of a session's snapshot. The server (10.11.19, tried) puts the answer together in memory that all sessions
 * share: whoever asks for any status at the same moment, a monitor as well, may have the other's place, and both
 * sides of a comparison, or a copy and its stream, would be a transaction apart. Sessions of one server must therefore
 * ask one after the other, and each until it is told the same several times.
 * @param ask Answers `alikeAnswers` places, each asked for after the one before.
 * @returns Undefined where the answers never were the same.
 */
export async function ownPlace(ask: () => Promise<Place[]>): Promise<Place | undefined> {
  for (let round = 0; round < mostRounds; round++) {
    const answers = await ask();
    const [first] = answers;
    if (first && answers.length >= alikeAnswers && answers.every((one) => samePlace(one, first)))
      return first;
  }
  return undefined;
}

export function samePlace(a: Place, b: Place): boolean {
  return a.file === b.file && a.position === b.position;
}

/** @param value A status variable's value by its name, in lower case. */
export function placeOf(value: (name: string) => string | undefined): Place {
  return { file: value("binlog_snapshot_file") ?? "", position: Number(value("binlog_snapshot_position")) };
}
