import * as pulumi from "@pulumi/pulumi";
import { openMove } from "../engine/context";
import type { MoveSpec, Secrets } from "../engine/move";
import type { Finding } from "../engine/mover";
import { preflight } from "../engine/preflight";
import { silent } from "../engine/progress";
import type { Ladder } from "./phase";

/**
 * Asks every server what stands in the way, in each preview and before each update, and prints it.
 *
 * @throws RunError naming what blocks; nothing has been touched then.
 */
export async function checkBeforehand(spec: MoveSpec, secrets: Secrets, ladder: Ladder): Promise<void> {
  // Once blue is archived its hosts may be gone.
  if (ladder.archived) return;
  const move = openMove(spec, secrets, silent);
  let findings: Finding[];
  try {
    findings = await preflight(move);
  } finally {
    await move.close();
  }
  for (const finding of findings.filter(({ severity }) => severity === "warn")) {
    await pulumi.log.warn(line(finding));
  }
  const blocks = findings.filter(({ severity }) => severity === "block");
  if (blocks.length > 0) throw new pulumi.RunError(blocks.map(line).join("\n"));
}

function line({ code, found, wayOut }: Finding): string {
  return `${code}: ${found}.${wayOut ? ` ${wayOut}` : ""}`;
}
