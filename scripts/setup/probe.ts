const answers = new Map<string, Promise<boolean>>();

/** Time limits for the first and the second request: the first answer may have come while this machine was busy. */
const timeoutsMs = [3_000, 5_000];

async function ask(url: string, good: (status: number) => boolean): Promise<boolean> {
  for (const timeoutMs of timeoutsMs) {
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      const answer = await fetch(url, { method: "HEAD", redirect: "manual", signal });
      return good(answer.status);
    } catch (error) {
      if ((error as Error).name !== "TimeoutError") return false;
    }
  }
  return false;
}

/** Whether a download site answers within 8 s. Checked once per run. */
export function reachable(url: string): Promise<boolean> {
  let answer = answers.get(url);
  if (!answer) {
    answer = ask(url, (status) => status < 500);
    answers.set(url, answer);
  }
  return answer;
}

/** Whether a mirror has a file. Within 8 s. */
export const holds = (url: string): Promise<boolean> => ask(url, (status) => status >= 200 && status < 400);

/** The vendor of the Pulumi engine and its plugins. */
export const pulumiSite = "https://get.pulumi.com/install.sh";
/** Where the official images are pulled from. */
export const imageSite = "https://registry-1.docker.io/v2/";
