import { quote } from "../../../../engine/runtime/ssh/quote";
import { sh } from "../../../common/docker";
import type { Copied } from "../contender";
import type { Lab } from "../lab";

/** Runs a script on the tools' host and measures its time. */
export async function timed(lab: Lab, script: string): Promise<Copied> {
  const started = performance.now();
  await run(lab, script);
  return { seconds: (performance.now() - started) / 1000 };
}

/** A pipe fails if any of its parts fails. */
export async function run(lab: Lab, script: string): Promise<void> {
  await sh(lab.tools, `exec bash -euo pipefail -c ${quote(script)}`);
}
