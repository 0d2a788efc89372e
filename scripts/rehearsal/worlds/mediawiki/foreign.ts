import { refuseForeignGreen } from "./green";
import { refuseForeignWorld } from "./oldSite/scope";

/** @throws `CLEAN_NOT_OURS`, `WORLD_NOT_OURS` where a side is here that this checkout's rehearsal did not make */
export async function refuseForeign(): Promise<void> {
  await refuseForeignGreen();
  await refuseForeignWorld("blue");
}
