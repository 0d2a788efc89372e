import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { WikiferryError } from "../../engine/errors";
import { projectDir, stateFile } from "../setup/paths";

/** With which `pulumi` works for this stack, and what a shell needs for it. */
export interface PulumiAccess {
  environment: NodeJS.ProcessEnv;
  /** Lines for the operator's shell; none where it has all. */
  exports: string[];
}

/**
 * A state backend and a passphrase: those that the environment has, else a directory and a file in .wikiferry, which is
 * not in git.
 */
export async function pulumiAccess(): Promise<PulumiAccess> {
  const own: Record<string, string> = {};
  const passphrase = stateFile("passphrase");
  if (
    process.env.PULUMI_CONFIG_PASSPHRASE === undefined &&
    process.env.PULUMI_CONFIG_PASSPHRASE_FILE === undefined
  ) {
    mkdirSync(stateFile(), { recursive: true });
    if (!existsSync(passphrase))
      writeFileSync(passphrase, randomBytes(24).toString("base64url"), { mode: 0o600, flag: "wx" });
    own.PULUMI_CONFIG_PASSPHRASE_FILE = passphrase;
  }
  const environment = { ...process.env, ...own };
  if (process.env.PULUMI_BACKEND_URL === undefined && !(await isLoggedIn(environment))) {
    mkdirSync(stateFile("state"), { recursive: true });
    await pulumi(["login", `file://${stateFile("state")}`], environment);
  }
  return { environment, exports: Object.entries(own).map(([name, value]) => `export ${name}='${value}'`) };
}

async function isLoggedIn(environment: NodeJS.ProcessEnv): Promise<boolean> {
  return (await run(["whoami"], environment)).exitCode === 0;
}

/** Makes the stack unless it is there. */
export async function ensureStack(stack: string, { environment }: PulumiAccess): Promise<void> {
  const there = await run(["stack", "select", stack], environment);
  if (there.exitCode !== 0) await pulumi(["stack", "init", stack], environment);
}

/** Encrypts a secret into the stack's file. It goes by standard input, so that no process list has it. */
export async function setSecret(
  stack: string,
  key: string,
  value: string,
  { environment }: PulumiAccess,
): Promise<void> {
  await pulumi(["config", "set", "--path", "--secret", key, "--stack", stack], environment, value);
}

async function pulumi(args: string[], environment: NodeJS.ProcessEnv, stdin?: string): Promise<void> {
  const { exitCode, output } = await run(args, environment, stdin);
  if (exitCode === 0) return;
  throw new WikiferryError(
    "DISCOVER_PULUMI",
    `\`pulumi ${args.slice(0, 2).join(" ")}\` ended with exit code ${exitCode}: ${output.trim().slice(-300)}`,
    "See that `npx pulumi whoami` works, then run this again: it goes on where it stopped",
  );
}

function run(
  args: string[],
  env: NodeJS.ProcessEnv,
  stdin?: string,
): Promise<{ exitCode: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn("pulumi", [...args, "--non-interactive", "--color", "never"], {
      cwd: projectDir,
      env,
      stdio: [stdin === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    });
    let output = "";
    child.stdout?.on("data", (piece) => (output += piece));
    child.stderr?.on("data", (piece) => (output += piece));
    child.stdin?.end(stdin);
    child.on("error", reject);
    child.on("close", (code) => resolve({ exitCode: code ?? -1, output }));
  });
}
