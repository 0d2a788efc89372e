import { z } from "zod";
import { secretsMarker, settingsMarker } from "./settingsPhp";
import type { Json } from "./types";

const answerSchema = z.object({
  version: z.string(),
  phpVersion: z.string(),
  directory: z.string(),
  realDirectory: z.string(),
  settingsFile: z.string(),
  anonymousRead: z.boolean(),
  components: z.array(
    z.object({
      name: z.string(),
      version: z.string(),
      skin: z.boolean(),
      manifest: z.string(),
      directory: z.string(),
    }),
  ),
  composer: z.array(z.object({ name: z.string(), version: z.string() })),
  settings: z.record(z.string(), z.custom<Json>()),
  includedFiles: z.array(
    z.object({ path: z.string(), realPath: z.string(), bytes: z.number(), inside: z.boolean() }),
  ),
  unreadableIncludes: z.array(z.object({ path: z.string(), by: z.string() })),
  programs: z.array(
    z.object({
      name: z.string(),
      setting: z.string(),
      path: z.string(),
      exists: z.boolean(),
      used: z.boolean(),
    }),
  ),
  database: z.object({
    version: z.string(),
    hostname: z.string(),
    databases: z.array(z.object({ name: z.string(), bytes: z.number() })),
    recorded: z.number(),
    error: z.string(),
  }),
  socket: z.string(),
});

/** What a MediaWiki answers to `settingsQuestion`. */
export type SettingsAnswer = z.infer<typeof answerSchema>;

/** The answer in what PHP printed; undefined where it died before. */
export function answerIn(output: string): SettingsAnswer | undefined {
  const line = output.split("\n").find((text) => text.startsWith(settingsMarker));
  return line === undefined ? undefined : answerSchema.parse(JSON.parse(line.slice(settingsMarker.length)));
}

/** An include that failed. */
export interface FailedInclude {
  path: string;
  /** The file that includes it. */
  by: string;
  /** Whether it is there and may not be read; else it is missing. */
  unreadable: boolean;
}

/** Includes that PHP itself could not open, from its warnings. */
export function failedIncludes(output: string): FailedInclude[] {
  const pattern =
    /(?:include|require)(?:_once)?\(([^)\n]+)\): [Ff]ailed to open stream: ([^\n]*?) in (\S+) on line \d+/g;
  return [...output.matchAll(pattern)].map(([, path = "", why = "", by = ""]) => ({
    path,
    by,
    unreadable: /permission denied/i.test(why),
  }));
}

/**
 * Why PHP died, in its own words, at most 300 characters. Without the stack trace, which may show a password among the
 * arguments.
 */
export function deathIn(output: string): string {
  const before = output.split(/\n\s*(?:Stack trace:|#0 |Backtrace:)/)[0] ?? "";
  const lines = before
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const fatal =
    lines.find((line) => /fatal error|uncaught/i.test(line)) ??
    lines.find((line) => /exception|error/i.test(line));
  return (fatal ?? lines.at(-1) ?? "PHP ended without a word")
    .replace(/\((?:[^()]*,){2,}[^()]*\)/g, "(…)")
    .slice(0, 300);
}

const secretsSchema = z.object({ password: z.string(), secretKey: z.string() });

/** `$wgDBpassword` and `$wgSecretKey`. */
export type WikiSecrets = z.infer<typeof secretsSchema>;

/** The answer to `secretsQuestion`; undefined without one. */
export function secretsIn(output: string): WikiSecrets | undefined {
  const line = output.split("\n").find((text) => text.startsWith(secretsMarker));
  return line === undefined ? undefined : secretsSchema.parse(JSON.parse(line.slice(secretsMarker.length)));
}
