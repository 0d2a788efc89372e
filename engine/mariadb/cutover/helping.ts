/**
 * Waits for `outcome`, and meanwhile helps it on again and again, one help at a time: what it waits for may be stopped by
 * something that can be put out of the way. A help that fails changes nothing; the outcome says how it ends.
 */
export async function helping<T>(
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
