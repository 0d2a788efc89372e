import { type ConfigOf, integer, type Keys, matching, oneOf, text } from "./config/key";
import { phases } from "./phase";

/** Keys of every stack, whatever it moves. */
export const commonKeys = {
  kind: text("What the stack moves.", { fallback: "mediawiki" }),
  phase: oneOf(phases, "How far the move may go.", "prepare"),
  active: oneOf(
    ["blue", "green"],
    "The side that takes edits. Changing it is the cutover or the switchback; needs phase switch.",
    "blue",
  ),
  canary: integer(
    "Per cent of page views that the passive side serves; edits and logged-in people never go there. Needs phase switch.",
    0,
    0,
    100,
  ),

  masterSecret: {
    ...text("At least 32 random characters. Green's passwords are derived from it.", { secret: true }),
    random: true,
  },

  "rehearsal.id": matching(
    /^[a-z0-9][a-z0-9-]{0,80}$/,
    "`main-0123456789abcdef`: lower-case letters, digits, dashes",
    "Set by `npm run rehearsal` on its own stack: the label wikiferry.rehearsal of all containers, volumes and networks, by which it knows and removes its own. Never for a wiki.",
    { fallback: "" },
  ),

  "retire.confirm": text("The wiki's name again: phase retire ends the way back.", { fallback: "" }),
} satisfies Keys;

export type CommonConfig = ConfigOf<typeof commonKeys>;
