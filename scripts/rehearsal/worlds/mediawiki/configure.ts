import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parse, stringify } from "yaml";
import { rehearsalId } from "../../../common/rehearsalId";
import type { Stage } from "../../../common/stage";
import { projectDir } from "../../../setup/paths";
import { readRecord } from "../../../setup/record";
import type { Pulumi } from "../../core/pulumi";
import type { World } from "./oldSite/index";

const settingsFileOf = (stage: Stage) => join(stage.directory, "SiteSettings.php");

/** Writes the wiki's own settings, with more PHP at their end. */
export function writeSettings(stage: Stage, world: World, more = ""): void {
  writeFileSync(
    settingsFileOf(stage),
    `<?php\n$wgMetaNamespace = ${JSON.stringify(world.wiki.metaNamespace)};\n${world.wiki.extraSettings}${more && `\n${more}\n`}`,
  );
}

/** Writes into the stage's config what a wiki's owner would: hosts, host keys, base images, secrets. */
export async function configure(stage: Stage, world: World, pulumi: Pulumi): Promise<void> {
  writeSettings(stage, world);
  const file = parse(readFileSync(stage.configFile, "utf8")) as { config: Record<string, unknown> };
  const bases = Object.entries(readRecord()?.images ?? {})
    .filter(([service]) => !service.startsWith("blue-"))
    .map(([service, { base }]) => [service, base]);
  const { web, db, files } = world.hosts;
  merge(file.config, {
    "wikiferry:wiki": {
      database: world.options.database,
      tablePrefix: world.options.prefix,
      serverUrl: world.wiki.serverUrl,
      sitename: world.wiki.sitename,
      language: world.wiki.language,
      uploadPath: world.wiki.uploadPath,
      authenticationTokenVersion: world.wiki.authenticationTokenVersion,
      settingsFile: relative(projectDir, settingsFileOf(stage)),
    },
    "wikiferry:blue": { web: { mediawikiDirectory: world.wiki.directory } },
    "wikiferry:ssh": { privateKeyFile: relative(projectDir, world.operatorKeyFile) },
    "wikiferry:hosts": {
      web: { hostKey: web.hostKey },
      database: { hostKey: db.hostKey },
      files: { hostKey: files.hostKey },
    },
    "wikiferry:green": { images: Object.fromEntries(bases) },
    "wikiferry:rehearsal": { id: rehearsalId() },
  });
  writeFileSync(stage.configFile, stringify(file, { lineWidth: 0 }));
  await pulumi.init();
  const secrets: Record<string, string> = {
    masterSecret: randomBytes(32).toString("hex"),
    "wiki.appPassword": world.secrets.appPassword,
    "wiki.secretKey": world.secrets.secretKey,
    "blue.database.adminPassword": world.secrets.adminPassword,
  };
  for (const [key, value] of Object.entries(secrets)) await pulumi.set(key, value, { secret: true });
}

function merge(into: Record<string, unknown>, from: Record<string, unknown>): void {
  for (const [key, value] of Object.entries(from)) {
    const there = into[key];
    if (isObject(value) && isObject(there)) merge(there, value);
    else into[key] = value;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
