import { serve } from "../sdk/serve";
import { command } from "./provider";

serve(command).catch((error) => {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
  process.exitCode = 1;
});
