/**
 * Waits for `outcome`, and meanwhile repeatedly removes obstacles that may block it, one attempt at a time. An attempt
 * that fails changes nothing; the outcome decides.
 */
export async function retryWhile<T>(
  outcome: Promise<T>,
  help: () => Promise<unknown>,
  everyMs = 200,
): Promise<T> {
  let under = false;
  const timer = setInterval(() => {
    if (under) return;
    under = true;
    help()
      .catch(() => {})
      .finally(() => {
        under = false;
      });
  }, everyMs);
  return await outcome.finally(() => clearInterval(timer));
}
