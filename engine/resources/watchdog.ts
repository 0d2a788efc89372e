import {
  armWatchdog,
  disarmWatchdog,
  exerciseWatchdog,
  isAwake,
  readWatchdog,
} from "../movers/mariadb/fencing/watchdog";
import { type MoveSession, openMoveSession } from "../session";
import { databaseAccess } from "../slice";
import type { ResourceHandler } from "./handler";

type Session = MoveSession<ReturnType<typeof databaseAccess>>;

interface Inputs {
  /** Whether it exists; false once the old side is retired. */
  armed: boolean;
  /** Whether it must have been tested on both servers before a flip relies on it. */
  rehearsed: boolean;
}

interface Outputs {
  armed: boolean;
  rehearsed: boolean;
}

async function bringAbout(session: Session, { armed, rehearsed }: Inputs): Promise<Outputs> {
  const { blue, green, report } = session;
  if (!armed) {
    await disarmWatchdog(green);
    // A blue that is switched off by now has nothing to disarm; its record keeps it closed.
    await disarmWatchdog(blue).catch(() => {});
    return { armed: false, rehearsed: false };
  }
  await Promise.all([armWatchdog(blue), armWatchdog(green)]);
  if (rehearsed) await Promise.all([exerciseWatchdog(blue, report), exerciseWatchdog(green, report)]);
  return { armed, rehearsed };
}

/** Each database opens or closes itself by the record and the lease when nobody else does. */
export const handler: ResourceHandler<Session, Inputs, Outputs> = {
  slice: databaseAccess,
  open: openMoveSession,
  create: bringAbout,
  update: bringAbout,
  async read({ blue, green }, { rehearsed }) {
    const seen = await Promise.all(
      [blue, green].map((server) => readWatchdog(server).catch(() => undefined)),
    );
    const armed = seen.every((it) => it?.schedulerOn && isAwake(it));
    return { armed, rehearsed: armed && rehearsed };
  },
  async remove({ blue, green }) {
    await disarmWatchdog(green).catch(() => {});
    await disarmWatchdog(blue).catch(() => {});
  },
  stillHolds: (inputs, outputs) => inputs.armed === outputs.armed && (!inputs.rehearsed || outputs.rehearsed),
};
