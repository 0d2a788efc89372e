import { serve } from "../sdk/serve";
import { mysql } from "./provider";

serve(mysql).catch((error) => {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
  process.exitCode = 1;
});
