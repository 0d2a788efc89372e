import { WikiferryError } from "../../engine/errors";
import { type CommonConfig, commonShape } from "./config/common";
import { keysOf } from "./config/keys";
import { type Raw, rawFrom } from "./config/raw";
import { readConfig } from "./config/read";
import type { ConfigSchema } from "./config/schema";
import type { StatusReport, StatusRequest } from "./status";

/** What a stack can move: one folder beside this one, and one line in the table of kinds. */
export interface Kind<C extends CommonConfig = CommonConfig> {
  /** For a page's heading: "Config of …". */
  title: string;
  /** A stack's file of the project as an example, such as `Pulumi.prod.yaml`. */
  example?: string;
  /** All of its config, including the keys of `commonShape`. */
  schema: ConfigSchema<C>;
  /**
   * Declares the stack's resources. Returns its outputs.
   * @param projectDirectory Base of the config's relative paths.
   */
  program(config: C, projectDirectory: string): Promise<Record<string, unknown>>;
  /** What the handlers of its dynamic resources receive: the secrets of the config, which are no resource's input. */
  credentials(config: C, projectDirectory: string): unknown;
  /** Where its move stands, for `npm run status`. Reads only. */
  status(request: StatusRequest<C>): Promise<StatusReport>;
}

/** Kinds by the value of the key `kind`. */
export type Kinds = Readonly<Record<string, Kind>>;

export interface StackConfig {
  kind: Kind;
  config: CommonConfig;
}

/**
 * A stack's kind and config.
 * @throws `CONFIG_VALUE` for a kind that does not exist, and as `readConfig`
 */
export function readStack(kinds: Kinds, raw: Raw, project = "wikiferry"): StackConfig {
  const kind = kindNamed(kinds, raw[`${project}:kind`]);
  return { kind, config: readConfig(kind.schema, raw, project) };
}

/** Like `readStack`, where values can only be read by name. */
export function readStackBy(kinds: Kinds, get: (name: string) => string | undefined): StackConfig {
  const kind = kindNamed(kinds, get("kind"));
  return readStack(kinds, rawFrom(get, keysOf(kind.schema)));
}

function kindNamed(kinds: Kinds, given: string | undefined): Kind {
  const name = given ?? commonShape.kind.parse(undefined);
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
  if (kind) return kind;
  throw new WikiferryError(
    "CONFIG_VALUE",
    `kind is ${JSON.stringify(name)} and must be one of ${Object.keys(kinds).join(", ")}`,
    "pulumi config set kind VALUE",
  );
}
