import type { Move } from "../context";
import { WikiferryError } from "../errors";
import type { SshTarget } from "../move";
import type { Finding } from "../mover";

/** What stands in the way of the whole move, each host and server asked; never writes. */
export async function preflight(move: Move): Promise<Finding[]> {
  const reachable = await hostsReachable(move);
  return reachable;
}

/** Each host of blue by SSH, blue's database by its account. A host that can't be reached blocks, by its own code. */
async function hostsReachable(move: Move): Promise<Finding[]> {
  const { blue } = move.spec;
  const hosts = new Map<string, SshTarget>();
  for (const ssh of [blue.web.ssh, blue.database.ssh, blue.files.ssh])
    hosts.set(`${ssh.host}:${ssh.port}`, ssh);
  const attempts = await Promise.all([
    ...[...hosts.values()].map((ssh) => attempt(async () => void (await move.pool.to(ssh)))),
    attempt(async () => void (await move.blue.session())),
  ]);
  const findings = attempts.filter((finding) => finding !== undefined);
  // Several of them may rest on the same host.
  return [...new Map(findings.map((finding) => [finding.code + finding.found, finding])).values()];
}

/** What went wrong, as a finding; anything but an error that says its own way out is thrown on. */
export async function attempt(act: () => Promise<void>): Promise<Finding | undefined> {
  try {
    await act();
    return undefined;
  } catch (error) {
    if (!(error instanceof WikiferryError)) throw error;
    return { code: error.code, severity: "block", found: error.found, wayOut: error.wayOut };
  }
}
