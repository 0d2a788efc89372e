import { type Move, openMove } from "../context";
import { armDeadMan, disarmDeadMan, isAwake, rehearseDeadMan, seeDeadMan } from "../mariadb/rule/deadMan";
import { databaseAccess } from "../slice";
import type { Hold } from "./hold";

type Session = Move<ReturnType<typeof databaseAccess>>;

interface Inputs {
  /** Whether it is there; false once the old side is retired. */
  armed: boolean;
  /** Whether it must have been seen to work on both servers, before a flip relies on it. */
  rehearsed: boolean;
}

interface Outputs {
  armed: boolean;
  rehearsed: boolean;
}

async function bringAbout(session: Session, { armed, rehearsed }: Inputs): Promise<Outputs> {
  const { blue, green, report } = session;
  if (!armed) {
    await disarmDeadMan(green);
    // A blue that is switched off by now has nothing to be disarmed; its record keeps it closed.
    await disarmDeadMan(blue).catch(() => {});
    return { armed: false, rehearsed: false };
  }
  await Promise.all([armDeadMan(blue), armDeadMan(green)]);
  if (rehearsed) await Promise.all([rehearseDeadMan(blue, report), rehearseDeadMan(green, report)]);
  return { armed, rehearsed };
}

/** Each database opens or closes itself by the record and the lease when nobody else does. */
export const hold: Hold<Session, Inputs, Outputs> = {
  slice: databaseAccess,
  open: openMove,
  create: bringAbout,
  update: bringAbout,
  async read({ blue, green }, { rehearsed }) {
    const seen = await Promise.all([blue, green].map((server) => seeDeadMan(server).catch(() => undefined)));
    const armed = seen.every((it) => it?.schedulerOn && isAwake(it));
    return { armed, rehearsed: armed && rehearsed };
  },
  async remove({ blue, green }) {
    await disarmDeadMan(green).catch(() => {});
    await disarmDeadMan(blue).catch(() => {});
  },
  stillHolds: (inputs, outputs) => inputs.armed === outputs.armed && (!inputs.rehearsed || outputs.rehearsed),
};
