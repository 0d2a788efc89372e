import type { Cut, TcpProxy } from "../proxy";
import type { Fault, Stage } from "../stage";
import { allWays } from "../world/ways";

const cuts: readonly Cut[] = ["reset", "silent", "there", "back"];

function cut(stage: Stage, ways: TcpProxy[]): () => void {
  const how = stage.plan.random.pick(cuts);
  stage.note(`${ways.map((way) => way.name).join(", ")}: cut, ${how}`);
  for (const way of ways) way.cut(how);
  return () => {
    for (const way of ways) way.heal();
  };
}

/** Faults of the network between the machines. */
export const networkFaults: Fault[] = [
  {
    name: "databases partitioned",
    about: "the stream cut in both directions",
    part: "the attempt",
    lasts: [300, 4_500],
    strike: async (stage) => {
      stage.hinder("stream");
      return cut(stage, [stage.world.ways.stream.blue, stage.world.ways.stream.green]);
    },
  },
  {
    name: "tool cut off from the old primary",
    about: "no way from the tool to it, or back",
    part: "all of it",
    lasts: [300, 4_500],
    strike: async (stage) => cut(stage, [stage.world.ways.tool[stage.from]]),
  },
  {
    name: "tool cut off from the new primary",
    about: "no way from the tool to it, or back",
    part: "all of it",
    lasts: [300, 4_500],
    strike: async (stage) => cut(stage, [stage.world.ways.tool[stage.to]]),
  },
  {
    name: "tool cut off from the gate",
    about: "no way from the tool to its runtime API, or back",
    part: "all of it",
    lasts: [300, 4_500],
    strike: async (stage) => cut(stage, [stage.world.ways.toolToGate]),
  },
  {
    name: "gate cut off from a web tier",
    about: "no way from the gate to one side's web tier, or back",
    part: "all of it",
    lasts: [300, 3_500],
    strike: async (stage) => {
      const side = stage.plan.random.pick([stage.from, stage.to]);
      return cut(stage, [stage.world.ways.gate[side]]);
    },
  },
  {
    name: "slow network",
    about: "20 to 400 ms more, each way, on some of the ways",
    part: "all of it",
    lasts: [500, 4_000],
    strike: async (stage) => {
      const { random } = stage.plan;
      const ways = random.sample(allWays(stage.world.ways), 1 + random.below(4));
      const ms = stage.between(20, 400);
      stage.note(`${ways.map((way) => way.name).join(", ")}: ${ms} ms more`);
      for (const way of ways) way.delay(ms);
      return () => {
        for (const way of ways) way.heal();
      };
    },
  },
];
