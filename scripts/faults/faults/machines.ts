import type { Side } from "../../../engine/move";
import type { Fault, Stage } from "../stage";

async function kill(stage: Stage, side: Side): Promise<() => Promise<void>> {
  stage.hinder(side);
  stage.note(`${side}'s database killed`);
  const host = stage.world.hosts[side];
  await host.kill();
  return () => host.start();
}

async function pause(stage: Stage, side: Side): Promise<() => Promise<void>> {
  stage.hinder(side);
  stage.note(`${side}'s database stopped`);
  const host = stage.world.hosts[side];
  await host.pause();
  return () => host.unpause();
}

async function fillDisk(stage: Stage, side: Side): Promise<() => Promise<void>> {
  stage.hinder(side);
  stage.note(`${side}'s disk full`);
  const host = stage.world.hosts[side];
  await host.fillDisk();
  // MariaDB checks for free space again only once a minute, so whoever frees some restarts it.
  return async () => {
    await host.freeDisk();
    await host.kill();
    await host.start();
  };
}

/** Faults of the machines. */
export const machineFaults: Fault[] = [
  {
    name: "old primary killed",
    about: "its database's machine dies, and is started again",
    part: "the attempt",
    lasts: [0, 2_000],
    strike: (stage) => kill(stage, stage.from),
  },
  {
    name: "new primary killed",
    about: "its database's machine dies, and is started again",
    part: "the attempt",
    lasts: [0, 2_000],
    strike: (stage) => kill(stage, stage.to),
  },
  {
    name: "new primary killed after an acknowledgement",
    about: "its database's machine dies right after it acknowledged its first writes",
    part: undefined,
    lasts: [0, 1_000],
    strike: async (stage) => {
      const first = 1 + stage.plan.random.below(4);
      await stage.world.clients.acknowledges(first, { by: stage.to, timeoutMs: 15_000 });
      return kill(stage, stage.to);
    },
  },
  {
    name: "old primary stopped",
    about: "its database's machine stands still, and goes on later",
    part: "the attempt",
    lasts: [300, 4_500],
    strike: (stage) => pause(stage, stage.from),
  },
  {
    name: "new primary stopped",
    about: "its database's machine stands still, and goes on later",
    part: "the attempt",
    lasts: [300, 4_500],
    strike: (stage) => pause(stage, stage.to),
  },
  {
    name: "restarted while fenced",
    about: "an orderly restart of the old primary, which must stay closed",
    part: "while fenced",
    strike: async (stage) => {
      stage.hinder(stage.from);
      const restarted = stage.world.hosts[stage.from].restart();
      restarted.catch(() => {});
      return () => restarted;
    },
  },
  {
    name: "disk full",
    about: "no byte left for the data of one side",
    part: "the attempt",
    lasts: [500, 2_500],
    strike: (stage) => fillDisk(stage, stage.plan.random.pick([stage.from, stage.to])),
  },
  {
    name: "clock skew",
    about: "one database's clock jumps, by up to an hour",
    part: "all of it",
    lasts: [1_000, 4_000],
    strike: async (stage) => {
      const { random } = stage.plan;
      const side = random.pick([stage.from, stage.to]);
      const most = random.chance(0.5) ? 6 : 3_600;
      const seconds = Math.round((random.next() * 2 - 1) * most * 10) / 10;
      stage.note(`${side}'s clock: ${seconds} s`);
      const host = stage.world.hosts[side];
      await host.skewClock(seconds);
      return () => host.skewClock(0);
    },
  },
  {
    name: "gate killed",
    about: "HAProxy dies, and is started again",
    part: "all of it",
    lasts: [0, 1_500],
    strike: async ({ world }) => {
      await world.gateHost.kill();
      return () => world.gateHost.start();
    },
  },
  {
    name: "gate reloaded",
    about: "HAProxy's worker is replaced, once or twice",
    part: "all of it",
    lasts: [50, 500],
    strike: async (stage) => {
      const { gateHost } = stage.world;
      await gateHost.reload();
      return stage.plan.random.chance(0.5) ? () => gateHost.reload() : undefined;
    },
  },
];
