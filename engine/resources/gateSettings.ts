import type { MoveSpec } from "../move";
import { deriveSecret } from "../secrets";
import { type EngineSession, openSession } from "../session";
import { container } from "../slice";
import { applyToGate, gateProgram, gateStanding } from "../traffic/gate/settings";
import type { ResourceHandler } from "./handler";

const slice = ({ gate }: MoveSpec) => ({ gate: container(gate) });

type Session = EngineSession<ReturnType<typeof slice>>;

interface Inputs {
  /** By name. The password of the runtime API is added here, so that no state contains it. */
  settings: Record<string, string>;
  /** SHA-256 of the program that the settings are for. */
  program: string;
}

interface Outputs {
  /** SHA-256 of program and settings as applied. */
  applied: string;
  inForce: string;
  /** The same for what the gate's volume holds, for a restart. */
  kept: string;
}

async function apply({ spec, secrets, pool }: Session, { settings }: Inputs): Promise<Outputs> {
  const password = deriveSecret(secrets.masterSecret, "gate-admin");
  const all = { ...settings, ADMIN_PASSWORD: password };
  const standing = await applyToGate(spec.gate, gateProgram(), all, pool);
  return { applied: standing.inForce, ...standing };
}

/** The gate serves with these settings, and would after a restart. */
export const handler: ResourceHandler<Session, Inputs, Outputs> = {
  slice,
  open: openSession,
  create: apply,
  update: apply,
  async read({ spec, pool }, { applied }) {
    return { applied, ...(await gateStanding(spec.gate, pool)) };
  },
  async remove() {},
  stillHolds: (_inputs, { applied, inForce, kept }) => applied === inForce && applied === kept,
};
