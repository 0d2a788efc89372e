/** One file, because all of these need the same names and ports and must run one after the other. */
// On a busy machine, a rehearsal beside other tests takes half an hour.
jest.setTimeout(3_000_000);
process.env.WIKIFERRY_GIVE_WAY = "no";

import "./ownership";
import "./killed";
import "./rehearsal";
