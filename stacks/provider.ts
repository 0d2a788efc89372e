import { lifecycle } from "../engine/resources";
import { credentialsReader } from "./common/provider";
import { kinds } from "./kinds";

/** What `components/dynamic/shim.ts` asks for in a dynamic provider's process. */
export const credentialsFrom = credentialsReader(kinds);
export { lifecycle };
