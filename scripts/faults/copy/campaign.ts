import { initRole } from "../../../engine/control/mariadb/role";
import { ensureControlSchema } from "../../../engine/control/mariadb/schema";
import { ensureReplicationAccount } from "../../../engine/movers/mariadb/accounts/accounts";
import { deriveSecret } from "../../../engine/secrets";
import { startWithAdoptedBlue } from "../../lab/adoptedBlue";
import type { Pair } from "../../lab/pair";
import { fill } from "./content";
import { planOf, type RunPlan, type RunResult, runOnce } from "./run";

export interface CopyFaultsReport {
  ok: boolean;
  seed: number;
  runs: number;
  /** SIGKILLs that really happened. */
  kills: number;
  /** Pieces that were copied more than once, over all runs. */
  repeated: number;
  failures: RunResult[];
}

/** Runs on one pair of servers, one after the other. */
export async function copyCampaign(
  { runs, seed, replay }: { runs: number; seed: number; replay?: { seed: number; index: number } },
  say: (line: string) => void,
): Promise<CopyFaultsReport> {
  const plans: RunPlan[] = replay
    ? [planOf(replay.seed, replay.index)]
    : Array.from({ length: runs }, (_, index) => planOf(seed, index));
  const pair = await startStage();
  const results: RunResult[] = [];
  const tell = { end: () => void pair.stop().finally(() => process.exit(130)) };
  process.once("SIGINT", tell.end).once("SIGTERM", tell.end);
  try {
    for (const plan of plans) {
      const result = await runOnce(pair, plan);
      results.push(result);
      say(lineOf(result));
    }
  } finally {
    process.off("SIGINT", tell.end).off("SIGTERM", tell.end);
    await pair.stop();
  }
  const failures = results.filter(({ problems }) => problems.length > 0);
  return {
    ok: failures.length === 0,
    seed,
    runs: results.length,
    kills: results.reduce((sum, { kills }) => sum + kills.length, 0),
    repeated: results.reduce((sum, { repeated }) => sum + repeated, 0),
    failures,
  };
}

async function startStage(): Promise<Pair> {
  const pair = await startWithAdoptedBlue({ lasting: true });
  try {
    const role = await initRole(pair.blue, { wiki: pair.spec.wiki.name });
    const password = deriveSecret(pair.secrets.masterSecret, "mariadb-replication");
    await ensureControlSchema(pair.green);
    await initRole(pair.green, role);
    await ensureReplicationAccount(pair.blue, password);
    await ensureReplicationAccount(pair.green, password);
    await fill(pair.blue, pair.spec.wiki.database);
    return pair;
  } catch (error) {
    await pair.stop();
    throw error;
  }
}

function lineOf({ seed, index, struck, repeated, edits, seconds, problems }: RunResult): string {
  const what = `${seed}:${index} ${seconds} s, ${edits} edits, ${repeated} pieces repeated; killed ${struck.join(", ")}`;
  return problems.length === 0 ? `ok   ${what}` : `FAIL ${what}\n     ${problems.join("\n     ")}`;
}
