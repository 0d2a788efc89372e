import type { Step } from "../flip";
import { seeThatItStandsStill } from "../standStill";

export const readThePosition: Step = {
  name: "read the position",
  run: seeThatItStandsStill,
};
