import type { Side } from "../../../../engine/move";
import type { Lab } from "../lab";
import type { Ledger } from "../ledger";

/** Another way to move writes from one side to the other. */
export interface Peer {
  name: string;
  /** Sets up replication and accounts as this tool needs them. Blue serves. */
  prepare(): Promise<void>;
  /** Makes `to` the primary and turns the gate. */
  flip(from: Side, to: Side): Promise<void>;
}

/** @throws when it is not available on this machine; the message says why and what would help */
export type PeerMaker = (lab: Lab) => Promise<Peer>;

export interface PeerSeries {
  name: string;
  pausesMs: number[];
  ledger: Ledger;
}
