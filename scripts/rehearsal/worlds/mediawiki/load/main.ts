/** Readers and editors in a process of their own. */
import { serveLoad } from "../../../core/load/serve";
import { loadOptions } from "./options";
import { LoadRun } from "./run";

serveLoad((first) => {
  const options = loadOptions.parse(first);
  return { load: new LoadRun(options), minutes: options.minutes };
});
