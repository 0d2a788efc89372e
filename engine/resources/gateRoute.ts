import { wayInFindings } from "../apps/mediawiki/wayIn";
import { wayToBlue } from "../apps/mediawiki/ways";
import { WikiferryError } from "../errors";
import type { Finding } from "../finding";
import type { MoveSpec, Side } from "../move";
import { sameAnswers } from "../operations/guardrails";
import { openGate } from "../operations/openGate";
import { type EngineSession, openSession } from "../session";
import { container, pick } from "../slice";
import type { ResourceHandler } from "./handler";

const slice = ({ wiki, blue, green, gate }: MoveSpec) => ({
  wiki: pick(wiki, "serverUrl", "apiPath"),
  blue: { web: pick(blue.web, "ssh", "address", "tls") },
  green: {
    mediawiki: { ...container(green.mediawiki), ...pick(green.mediawiki, "port") },
    fileSync: container(green.fileSync),
  },
  gate: { ...container(gate), ...pick(gate, "admin") },
});

type Session = EngineSession<ReturnType<typeof slice>>;

interface Inputs {
  /** The primary's side. A flip takes the page views off the other side, so they are split again after it. */
  active: Side;
  /** Per cent of page views for the passive side, 0 to 100. */
  canary: number;
  /** The owner accepts that blue sees the gate's address in place of each client's. */
  allowGateAddress?: boolean;
}

interface Outputs {
  primary: Side;
  canary: number;
}

/**
 * The gate is the wiki's entrance from here on, so what was checked before green existed is checked once more, from the
 * gate itself. @throws the code of what forbids it
 */
async function enter(session: Session, inputs: Inputs): Promise<Outputs> {
  // Plain HTTP is a config setting, and was judged with it.
  const accepted = { plainHttp: true, gateAddress: inputs.allowGateAddress ?? false };
  refuse(await wayInFindings(session.spec, await wayToBlue(session, false), accepted));
  return await split(session, inputs, true);
}

function refuse(findings: readonly Finding[]): void {
  const found = findings.find(({ severity }) => severity === "block");
  if (found) throw new WikiferryError(found.code, found.found, found.remedy);
}

/**
 * @param entering Whether the gate gets all traffic with this. Then green's answers are compared, too, although blue
 * serves them all: a difference would forbid the flip. Where green is the primary already, nobody is kept waiting for it.
 */
async function split(session: Session, { canary }: Inputs, entering = false): Promise<Outputs> {
  const gate = openGate(session);
  try {
    const { primary, canary: before } = await gate.state();
    if (canary > before || (entering && primary === "blue")) refuse(await sameAnswers(session));
    const state = await gate.setViews(primary, canary);
    return { primary: state.primary, canary: state.canary };
  } finally {
    gate.close();
  }
}

/** How the gate splits page views. The cutover decides who gets the writes. */
export const handler: ResourceHandler<Session, Inputs, Outputs> = {
  slice,
  open: openSession,
  create: enter,
  update: (session, inputs) => split(session, inputs),
  async read(session) {
    const gate = openGate(session);
    try {
      const { primary, canary } = await gate.state();
      return { primary, canary };
    } finally {
      gate.close();
    }
  },
  async remove() {},
  stillHolds: (inputs, outputs) => inputs.canary === outputs.canary,
};
