import { WikiferryError } from "../../engine/errors";
import type { Keys } from "./config/key";
import { type Raw, rawFrom, readConfig, readKey } from "./config/read";
import { type CommonConfig, commonKeys } from "./keys";

/** What a stack can move: one folder beside this one, and one line in the table of kinds. */
export interface Kind<C extends CommonConfig = CommonConfig> {
  /** All keys of its config, the common ones among them. */
  keys: Keys;
  /**
   * Declares the stack's resources; answers its outputs.
   *
   * @param projectDirectory Where relative paths of the config begin.
   */
  program(config: C, projectDirectory: string): Promise<Record<string, unknown>>;
  /** What the handlers of its dynamic resources get: the secrets of the config, which no resource has as an input. */
  credentials(config: C, projectDirectory: string): unknown;
}

/** Kinds by the name that the key `kind` picks. */
export type Kinds = Readonly<Record<string, Kind>>;

export interface StackConfig {
  kind: Kind;
  config: CommonConfig;
}

/**
 * A stack's kind and config.
 *
 * @param raw As for `readConfig`.
 * @throws `CONFIG_VALUE` for a kind that there is not, and as `readConfig`
 */
export function readStack(kinds: Kinds, raw: Raw, project = "wikiferry"): StackConfig {
  const kind = kindNamed(kinds, raw[`${project}:kind`]);
  return { kind, config: readConfig(kind.keys, raw, project) as unknown as CommonConfig };
}

/** As `readStack`, where a key's value can only be asked for by its name. */
export function readStackBy(kinds: Kinds, get: (name: string) => string | undefined): StackConfig {
  const kind = kindNamed(kinds, get("kind"));
  return readStack(kinds, rawFrom(get, kind.keys));
}

function kindNamed(kinds: Kinds, given: string | undefined): Kind {
  const name = readKey("kind", commonKeys.kind, given);
  const kind = kinds[name];
  if (kind) return kind;
  throw new WikiferryError(
    "CONFIG_VALUE",
    `kind is ${JSON.stringify(name)} and must be one of ${Object.keys(kinds).join(", ")}`,
    "pulumi config set kind VALUE",
  );
}
