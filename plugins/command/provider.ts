import { z } from "zod";
import type { ProviderDefinition } from "../sdk/resource";
import { sdkVersion } from "../sdk/serve";
import { localCommand } from "./local";
import { remoteCommand } from "./remote";

export const command: ProviderDefinition<object> = {
  name: "command",
  version: sdkVersion("command"),
  config: z.strictObject({}),
  resources: {
    "command:local:Command": localCommand,
    "command:remote:Command": remoteCommand,
  },
};
