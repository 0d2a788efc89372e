import { type Rung, rungs } from "../../core/ladder";

/** Over, back, over, retired; between them the owner changes green's settings, once so that they can't work. */
export const ladder: readonly Rung[] = [
  rungs.prepare,
  rungs.sync,
  rungs.switch,
  rungs.canary,
  { name: "green's settings", set: [], settings: '$wgRightsText = "rehearsed";' },
  rungs.over,
  {
    name: "a broken setting",
    set: [["tuning.web.startSeconds", "10"]],
    settings: 'throw new RuntimeException( "broken by the rehearsal" );',
    fails: true,
  },
  {
    name: "the setting mended",
    set: [["tuning.web.startSeconds", "180"]],
    settings: '$wgRightsText = "mended";',
  },
  rungs.back,
  rungs.overAgain,
  rungs.retire,
];
