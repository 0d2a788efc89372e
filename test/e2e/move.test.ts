/** One file, since all need the same names and ports and must follow each other. */
// On a machine that others use, too, a rehearsal beside other tests takes half an hour.
jest.setTimeout(3_000_000);
process.env.WIKIFERRY_GIVE_WAY = "no";

import "./ownership";
import "./killed";
import "./rehearsal";
