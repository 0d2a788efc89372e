import { messageOf } from "../../engine/errors";
import { parseOptions } from "./options";
import { rehearse } from "./rehearse";

const options = parseOptions(process.argv.slice(2));

rehearse(options).then(
  (ok) => {
    process.exitCode = ok ? 0 : 1;
  },
  (error) => {
    process.stderr.write(`\n${messageOf(error)}\n`);
    process.exitCode = 1;
  },
);
