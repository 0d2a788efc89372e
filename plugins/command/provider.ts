import { version } from "@pulumi/command/package.json";
import { z } from "zod";
import type { ProviderDefinition } from "../sdk/resource";
import { localCommand } from "./local";
import { remoteCommand } from "./remote";

export const command: ProviderDefinition<object> = {
  name: "command",
  version,
  config: z.strictObject({}),
  resources: {
    "command:local:Command": localCommand,
    "command:remote:Command": remoteCommand,
  },
};
