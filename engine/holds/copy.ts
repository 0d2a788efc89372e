import type { Move } from "../context";
import { ensureReplicationAccount } from "../mariadb/accounts/accounts";
import { copyDatabase } from "../mariadb/copy/copy";
import { type CopyResult, copyState } from "../mariadb/copy/state";
import { deriveSecret } from "../secrets";
import type { Hold, HoldInputs } from "./hold";

async function bringAbout(move: Move): Promise<CopyResult> {
  const result = await copyDatabase(move);
  // Blue follows green by it, once green is the primary.
  await ensureReplicationAccount(move.green, deriveSecret(move.secrets.masterSecret, "mariadb-replication"));
  return result;
}

/** Every row of blue's database is on green, as of one GTID; copied once. */
export const hold: Hold<HoldInputs, CopyResult> = {
  create: bringAbout,
  update: bringAbout,
  async read({ green }) {
    const state = await copyState(green);
    if (state.state !== "copied") return undefined;
    const { state: _state, ...result } = state;
    return result;
  },
  async remove() {},
};
