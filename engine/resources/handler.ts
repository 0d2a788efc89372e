import type { MoveSpec, Secrets } from "../move";
import type { Report } from "../progress";

/** What a handler works with: its slice of the description, and connections that end with it. */
export interface HandlerSession {
  readonly spec: object;
  close(): Promise<void>;
}

/**
 * One thing that must hold. Each method may be called again after a kill at any point, and does nothing where what
 * it is to bring about already holds.
 *
 * A handler works from a slice of the move's description, which is an input of its resource. It sees nothing else of the
 * description, so a change of anything else does not update it. Functions are properties here, not methods: the compiler
 * checks the parameters of properties strictly, and refuses a handler that takes a session with more than its slice.
 */
export interface ResourceHandler<
  Session extends HandlerSession,
  Inputs extends object,
  Outputs extends object,
  Description = MoveSpec,
  Credentials = Secrets,
> {
  /** What it uses of the description, and nothing more: each value that changes here updates it. */
  slice: (spec: Description) => Session["spec"];
  /** Connects to what the slice names; closed after each method. */
  open: (slice: Session["spec"], credentials: Credentials, report: Report) => Session;
  /** Brings it about; answers what is worth keeping, without secrets. */
  create: (session: Session, inputs: Inputs) => Promise<Outputs>;
  /** What really holds now; undefined if nothing of it is there. Never writes. */
  read: (session: Session, outputs: Outputs) => Promise<Outputs | undefined>;
  /** Brings it about again for other inputs. */
  update: (session: Session, inputs: Inputs, before: Outputs) => Promise<Outputs>;
  /** Takes it back; never anything of blue's data. */
  remove: (session: Session, outputs: Outputs) => Promise<void>;
  /** Whether what was read still is what is wanted. Defaults to yes: only other inputs are a difference. */
  stillHolds?: (inputs: Inputs, outputs: Outputs) => boolean;
}
