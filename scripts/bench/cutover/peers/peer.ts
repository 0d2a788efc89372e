import type { Side } from "../../../../engine/move";
import type { Lab } from "../lab";
import type { Ledger } from "../ledger";

/** Another way to move writes from one side to the other. */
export interface Peer {
  name: string;
  /** Makes replication and accounts as this way wants them; blue serves. */
  prepare(): Promise<void>;
  /** Makes `to` the primary and turns the gate. */
  flip(from: Side, to: Side): Promise<void>;
}

/** @throws when it can't be had on this machine; the message says why and what would help */
export type PeerMaker = (lab: Lab) => Promise<Peer>;

export interface PeerSeries {
  name: string;
  pausesMs: number[];
  ledger: Ledger;
}
