import type { MoveSpec, Secrets } from "../../engine/move";
import type { Raw } from "../../stacks/common/config/raw";
import { readConfig } from "../../stacks/common/config/read";
import { type MediaWikiConfig, schema } from "../../stacks/mediawiki/config";
import { moveSpec, secretsOf } from "../../stacks/mediawiki/spec";
import { projectDir } from "../setup/paths";

/** Runs `pulumi` on a stack and answers what it printed. */
export interface PulumiCommand {
  run(args: string[]): Promise<{ output: string }>;
}

/** A stack's config as its program gets it, secrets included: for scripts that ask the servers themselves. */
export async function readRawConfig(pulumi: PulumiCommand): Promise<Raw> {
  const { output } = await pulumi.run(["config", "--json", "--show-secrets"]);
  const entries = JSON.parse(output) as Record<string, { value?: string; objectValue?: unknown }>;
  return Object.fromEntries(
    Object.entries(entries).map(([key, { value, objectValue }]) => [
      key.includes(":") ? key : `wikiferry:${key}`,
      objectValue === undefined ? (value ?? "") : JSON.stringify(objectValue),
    ]),
  );
}

/** The config of a wiki's stack. @throws as `readConfig`, also for a stack of another kind */
export async function readWikiConfig(
  pulumi: PulumiCommand,
): Promise<{ config: MediaWikiConfig; spec: MoveSpec; secrets: Secrets }> {
  const config = readConfig(schema, await readRawConfig(pulumi));
  return { config, spec: moveSpec(config), secrets: secretsOf(config, projectDir) };
}
