import { z } from "zod";
import { phases } from "../phase";
import { hosts } from "./hosts";
import { integer, matching, oneOf, randomSecret, secret, section, text } from "./schema";

/** Keys of every stack, whatever it moves. */
export const commonShape = {
  kind: text("What the stack moves. It determines all other keys.").default("mediawiki"),
  name: matching(
    /^[a-z][a-z0-9-]{0,30}$/,
    "`mywiki`: lower-case letters, digits, dashes",
    "Short name of what is moved, used in messages and repeated in retire.confirm.",
  ),
  phase: oneOf(phases, "How far the move may go.").default("prepare"),
  active: oneOf(
    ["blue", "green"],
    "The side that takes edits. Changing it is the cutover or the switchback; needs phase switch.",
  ).default("blue"),
  canary: integer(
    "Share of page views that the passive side serves; edits and logged-in people never go there. Needs phase switch.",
    0,
    100,
    "per cent",
  ).default(0),
  masterSecret: randomSecret("At least 32 random characters. Green's passwords are derived from it."),
  ssh: section("The operator's SSH key, with which the tool reaches every host.", {
    privateKeyFile: text("File with the private key, relative to the project or absolute.").optional(),
    privateKey: secret("The private key itself, for CI runners.").optional(),
  }),
  hosts,
  retire: section("The end of the way back.", {
    confirm: text("The stack's name again: phase retire ends the way back.").optional(),
  }),
  rehearsal: section("For `npm run rehearsal` alone.", {
    id: matching(
      /^[a-z0-9][a-z0-9-]{0,80}$/,
      "`main-0123456789abcdef`: lower-case letters, digits, dashes",
      "Set by `npm run rehearsal` on its own stack: the label wikiferry.rehearsal of all containers, volumes and networks, by which it recognizes and removes its own. Never set it on a stack of yours.",
    ).optional(),
  }),
};

export const commonSchema = z.strictObject(commonShape);

export type CommonConfig = z.output<typeof commonSchema>;
