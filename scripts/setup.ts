import { messageOf } from "../engine/errors";
import { setup } from "./setup/index";

setup().catch((error) => {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
});
