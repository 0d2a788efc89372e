import { WikiferryError } from "../../errors";
import type { Side } from "../../move";

/** How long a database may take for a small query during recovery of a flip, in milliseconds. */
export const answerMs = 2_000;

/**
 * The result of `work`, unless the server hangs: a stopped machine refuses nothing, it just never answers.
 * @param timeoutMs Defaults to 2,000.
 * @throws `DB_UNREACHABLE` after that
 */
export async function withAnswerTimeout<T>(side: Side, work: Promise<T>, timeoutMs = answerMs): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () =>
        reject(
          new WikiferryError(
            "DB_UNREACHABLE",
            `${side}'s MariaDB gave no answer within ${timeoutMs} ms`,
            "See that its machine runs and can be reached, then run again",
          ),
        ),
      timeoutMs,
    );
  });
  try {
    return await Promise.race([work, silence]);
  } finally {
    clearTimeout(timer);
  }
}
