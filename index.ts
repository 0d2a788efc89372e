import { runProgram } from "./stacks/common/program";
import { kinds } from "./stacks/kinds";

export = () => runProgram(kinds);
