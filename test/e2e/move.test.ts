/** One file, since all need the same names and ports and must follow each other. */
jest.setTimeout(1_800_000);

import "./ownership";
import "./killed";
import "./rehearsal";
