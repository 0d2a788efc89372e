import { randomBytes } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectDir, stateFile } from "../setup/paths";

/** Where the rehearsal's stack lives: its state, its config and its passphrase, none of them in git. */
export interface Stage {
  directory: string;
  configFile: string;
  passphraseFile: string;
  backendUrl: string;
}

export const stackName = "staging";

export function stageAt(directory = stateFile("rehearsal")): Stage {
  return {
    directory,
    configFile: join(directory, "Pulumi.staging.yaml"),
    passphraseFile: join(directory, "passphrase"),
    backendUrl: `file://${join(directory, "state")}`,
  };
}

/** Where the load of a rehearsal writes its requests, as JSON lines. */
export function requestsFileOf({ directory }: Stage): string {
  return join(directory, "requests.jsonl");
}

/** A new, empty stage: the stack of an earlier rehearsal is forgotten, its config begins as Pulumi.staging.yaml. */
export function freshStage(stage: Stage): void {
  rmSync(stage.directory, { recursive: true, force: true });
  mkdirSync(join(stage.directory, "state"), { recursive: true });
  copyFileSync(join(projectDir, "Pulumi.staging.yaml"), stage.configFile);
  writeFileSync(stage.passphraseFile, randomBytes(24).toString("base64url"), { mode: 0o600 });
  // To go on by hand: `. .wikiferry/rehearsal/env`, then `npx pulumi ...` as in production.
  const lines = Object.entries(stageEnvironment(stage)).map(([name, value]) => `export ${name}='${value}'`);
  writeFileSync(join(stage.directory, "env"), `${lines.join("\n")}\n`);
}

export function stageExists(stage: Stage): boolean {
  return existsSync(stage.configFile);
}

/** The variables with which a bare `npx pulumi` works on this stage. */
export function stageEnvironment(stage: Stage): Record<string, string> {
  return {
    PULUMI_BACKEND_URL: stage.backendUrl,
    PULUMI_CONFIG_PASSPHRASE_FILE: stage.passphraseFile,
    PULUMI_OPTION_CONFIG_FILE: stage.configFile,
    PULUMI_STACK: stackName,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    // A rehearsal starts the program and its providers some twenty times: from the second on half a second faster each.
    NODE_COMPILE_CACHE: join(stage.directory, "compiled"),
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: existsOffline() ? "true" : "false",
  };
}

function existsOffline(): boolean {
  try {
    return JSON.parse(readFileSync(stateFile("setup.json"), "utf8")).pulumi === "offline";
  } catch {
    return false;
  }
}
