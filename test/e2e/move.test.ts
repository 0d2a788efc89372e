/** One file, since both need the same ports and containers and must follow each other. */
jest.setTimeout(900_000);

import "./killed";
import "./rehearsal";
