import { join } from "node:path";
import { deriveSecret } from "../../../../engine/secrets";
import type { FollowingPair } from "../../../lab/followingPair";
import { Child } from "../../cutover/child";
import type { CompareAnswer, CompareOrder } from "./order";

/**
 * Compares a database of the pair in a separate process, so that its memory can be measured. @throws what went wrong
 */
export async function compareInOwnProcess(
  { blue, green, secrets }: FollowingPair,
  database: string,
  sessions: number,
): Promise<CompareAnswer & { differing: string[] }> {
  const child = new Child(join(__dirname, "process.ts"), "the comparison");
  try {
    const order: CompareOrder = {
      sides: {
        primary: { place: blue.place, password: secrets.blueAdminPassword },
        replica: { place: green.place, password: deriveSecret(secrets.masterSecret, "mariadb-admin") },
      },
      sshPrivateKey: secrets.sshPrivateKey,
      database,
      sessions,
    };
    const answer = await child.ask<CompareAnswer>(order);
    if (!answer.differing) throw new Error(answer.problem);
    return { ...answer, differing: answer.differing };
  } finally {
    await child.end();
  }
}
