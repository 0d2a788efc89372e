import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import type { Move } from "../context";
import type { CutoverContext } from "../mariadb/cutover/context";
import { flipBlockers } from "../mariadb/preflight/flipBlockers";
import { deriveSecret } from "../secrets";
import { openGate } from "./gate";
import { journalOn } from "./journal";
import { WikiSurroundings } from "./surroundings";

/** Runs `act` with all that a flip of this wiki works with. */
export async function withCutover<T>(move: Move, act: (ctx: CutoverContext) => Promise<T>): Promise<T> {
  const { spec, secrets, blue, green } = move;
  const gate = openGate(move);
  const servers = { blue, green };
  try {
    return await act({
      servers,
      database: spec.wiki.database,
      appUser: spec.wiki.appUser,
      replicationPassword: deriveSecret(secrets.masterSecret, "mariadb-replication"),
      limits: spec.cutover,
      surroundings: new WikiSurroundings(move, gate),
      journal: journalOn(green),
      holder: `${hostname()}:${process.pid}:${randomBytes(4).toString("hex")}`,
      report: move.report,
      findBlockers: (from, to) =>
        flipBlockers({
          primary: servers[from],
          replica: servers[to],
          appUser: spec.wiki.appUser,
          limits: spec.cutover,
        }),
    });
  } finally {
    gate.close();
  }
}
