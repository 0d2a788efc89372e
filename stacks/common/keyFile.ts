import { readFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { messageOf, WikiferryError } from "../../engine/errors";

/**
 * The private SSH key of `ssh.privateKeyFile`.
 * @param projectDirectory Base of a relative name.
 * @throws `CONFIG_MISSING_KEY`, `CONFIG_VALUE` when it can't be read
 */
export function readKeyFile(file: string | undefined, projectDirectory: string): string {
  if (file === undefined) {
    throw new WikiferryError(
      "CONFIG_MISSING_KEY",
      "neither ssh.privateKeyFile nor ssh.privateKey is set",
      "pulumi config set --path ssh.privateKeyFile FILE",
    );
  }
  try {
    return readFileSync(isAbsolute(file) ? file : join(projectDirectory, file), "utf8");
  } catch (error) {
    throw new WikiferryError(
      "CONFIG_VALUE",
      `ssh.privateKeyFile is ${JSON.stringify(file)}, which can't be read (${messageOf(error)})`,
      "pulumi config set --path ssh.privateKeyFile FILE",
    );
  }
}
