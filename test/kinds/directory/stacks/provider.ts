import { credentialsReader } from "../../../../stacks/common/provider";
import { lifecycle } from "../handlers";
import { directory } from "../kind";

export const credentialsFrom = credentialsReader({ directory });
export { lifecycle };
