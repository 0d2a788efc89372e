import { spawn } from "node:child_process";
import { WikiferryError } from "../../engine/errors";
import type { MoveSpec, Secrets } from "../../engine/move";
import type { MediaWikiConfig } from "../../stacks/mediawiki/config";
import { projectDir } from "../setup/paths";
import { readStackConfig } from "./stackConfig";
import { stackName, stageAt, stageEnvironment, stageExists } from "./stage";

/** A stack's name and what its config says. */
export interface Stack {
  name: string;
  config: MediaWikiConfig;
  spec: MoveSpec;
  secrets: Secrets;
  /** With which `pulumi` finds it, and by which arguments. */
  environment: NodeJS.ProcessEnv;
  selection: string[];
}

/**
 * The stack to tell of: the named one; else the rehearsal's, if there is one; else the selected one.
 *
 * @throws `STATUS_NO_STACK` with Pulumi's own words, and as `readConfig`
 */
export async function findStack(name?: string): Promise<Stack> {
  const stage = stageAt();
  if (name === undefined && stageExists(stage)) {
    const environment = { ...process.env, ...stageEnvironment(stage) };
    const read = await readStackConfig({ run: runner(environment, []) });
    return { name: stackName, ...read, environment, selection: [] };
  }
  const selection = name === undefined ? [] : ["--stack", name];
  const read = await readStackConfig({ run: runner(process.env, selection) });
  return { name: name ?? "(selected)", ...read, environment: process.env, selection };
}

/** Runs `pulumi` in the project's folder and answers what it printed on standard output. */
function runner(env: NodeJS.ProcessEnv, named: string[]) {
  return async (args: string[]) => {
    const startedMs = Date.now();
    const all = [...args, ...named, "--non-interactive", "--color", "never"];
    const child = spawn("pulumi", all, { cwd: projectDir, env, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    let complaint = "";
    child.stdout.on("data", (piece) => (output += piece));
    child.stderr.on("data", (piece) => (complaint += piece));
    const exitCode = await new Promise<number>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => resolve(code ?? -1));
    });
    if (exitCode === 0) return { exitCode, output, ms: Date.now() - startedMs };
    const why =
      complaint
        .trim()
        .split("\n")[0]
        ?.replace(/^error: /, "") ?? "";
    throw new WikiferryError(
      "STATUS_NO_STACK",
      `there is no stack to tell of (${why || `pulumi ended with exit code ${exitCode}`})`,
      "Name one with `npm run status -- --stack NAME`, after `npx pulumi login`, or start a rehearsal with `npm run rehearsal`",
    );
  };
}
