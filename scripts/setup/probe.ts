const answers = new Map<string, Promise<boolean>>();

async function ask(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url, {
      method: "HEAD",
      redirect: "manual",
      signal: AbortSignal.timeout(3000),
    });
    return answer.status < 500;
  } catch {
    return false;
  }
}

/** Whether a download site answers within 3 s; asked once for each run. */
export function reachable(url: string): Promise<boolean> {
  let answer = answers.get(url);
  if (!answer) {
    answer = ask(url);
    answers.set(url, answer);
  }
  return answer;
}

/** The vendor of the Pulumi engine and its plugins. */
export const pulumiSite = "https://get.pulumi.com/install.sh";
/** Where the official images are pulled from. */
export const imageSite = "https://registry-1.docker.io/v2/";
