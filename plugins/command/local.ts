import { spawn } from "node:child_process";
import { z } from "zod";
import { commandType } from "./command";
import { Lines } from "./lines";
import { failure, type Run, shared } from "./schema";

const inputs = z.strictObject({
  ...shared,
  dir: z.string().optional(),
  interpreter: z.array(z.string()).optional(),
});

const run: Run<z.infer<typeof inputs>> = async (wanted, line, environment, onLine, signal) => {
  const [program = "/bin/sh", ...before] = wanted.interpreter?.length
    ? wanted.interpreter
    : ["/bin/sh", "-c"];
  const child = spawn(program, [...before, line], {
    cwd: wanted.dir,
    env: { ...process.env, ...environment },
    signal,
  });
  const lines = new Lines(onLine);
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => lines.add("stdout", chunk));
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => lines.add("stderr", chunk));
  // A command that doesn't read its input closes it. Only its exit code counts.
  child.stdin.on("error", () => {});
  child.stdin.end(wanted.stdin ?? "");
  const outcome = await new Promise<string | number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, ended) => resolve(ended ?? code));
  });
  const output = lines.end();
  if (outcome !== 0) throw failure("on this machine", `ended with ${outcome}`, output);
  return output;
};

/** `command:local:Command` */
export const localCommand = commandType(inputs, run);
