import { runProgram } from "../../../stacks/common/program";
import { directory } from "./kind";

export = () => runProgram({ directory });
