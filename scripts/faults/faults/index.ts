import type { Fault } from "../stage";
import { databaseFaults } from "./databases";
import { machineFaults } from "./machines";
import { networkFaults } from "./network";
import { toolFaults } from "./tool";

/** Every fault that concerns a flip. */
export const faults: readonly Fault[] = [
  ...toolFaults,
  ...networkFaults,
  ...machineFaults,
  ...databaseFaults,
];
