import type { Kinds } from "./common/kind";
import { mediawiki } from "./mediawiki";

/** Every kind of stack. */
export const kinds: Kinds = { mediawiki };
