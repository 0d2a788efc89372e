import { serve } from "../sdk/serve";
import { docker } from "./provider";

serve(docker).catch((error) => {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
  process.exitCode = 1;
});
