/** One file, since both need the same ports and containers and must follow each other. */
jest.setTimeout(1_800_000);

import "./killed";
import "./rehearsal";
