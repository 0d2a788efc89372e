import { spawn } from "node:child_process";
import { WikiferryError } from "../../engine/errors";
import type { MoveSpec, Secrets } from "../../engine/move";
import { type Kinds, readStack, type StackConfig } from "../../stacks/common/kind";
import type { MediaWikiConfig } from "../../stacks/mediawiki/config";
import { projectDir } from "../setup/paths";
import { readRawConfig, readWikiConfig } from "./stackConfig";
import { stackName, stageAt, stageEnvironment, stageExists } from "./stage";

/** How `pulumi` finds a stack. */
interface Selected {
  name: string;
  environment: NodeJS.ProcessEnv;
  /** Arguments that select it. */
  selection: string[];
}

/** A wiki's stack and what its config says. */
export interface Stack extends Selected {
  config: MediaWikiConfig;
  spec: MoveSpec;
  secrets: Secrets;
}

/**
 * The named stack; else the rehearsal's, if there is one; else the selected one.
 *
 * @throws `STATUS_NO_STACK` with Pulumi's own words, and as `readStack`
 */
export async function findStack(kinds: Kinds, name?: string): Promise<Selected & StackConfig> {
  const selected = select(name);
  return { ...selected, ...readStack(kinds, await readRawConfig({ run: runner(selected) })) };
}

/** As `findStack`, for what is done with wikis only. */
export async function findWikiStack(name?: string): Promise<Stack> {
  const selected = select(name);
  return { ...selected, ...(await readWikiConfig({ run: runner(selected) })) };
}

function select(name?: string): Selected {
  const stage = stageAt();
  if (name === undefined && stageExists(stage)) {
    return { name: stackName, environment: { ...process.env, ...stageEnvironment(stage) }, selection: [] };
  }
  const selection = name === undefined ? [] : ["--stack", name];
  return { name: name ?? "(selected)", environment: process.env, selection };
}

/** Runs `pulumi` in the project's folder and answers what it printed on standard output. */
function runner({ environment, selection }: Selected) {
  return async (args: string[]) => {
    const startedMs = Date.now();
    const all = [...args, ...selection, "--non-interactive", "--color", "never"];
    const child = spawn("pulumi", all, {
      cwd: projectDir,
      env: environment,
      stdio: ["ignore", "pipe", "pipe"],
    });
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
