import { serve } from "../sdk/serve";
import { cloudflare } from "./provider";

serve(cloudflare).catch((error) => {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
  process.exitCode = 1;
});
