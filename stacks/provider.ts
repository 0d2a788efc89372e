import { credentialsReader } from "./common/provider";
import { kinds } from "./kinds";

/** What `components/migration/shim.ts` asks for in a dynamic provider's process. */
export const credentialsFrom = credentialsReader(kinds);
