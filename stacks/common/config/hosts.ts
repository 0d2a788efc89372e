import { z } from "zod";
import { WikiferryError } from "../../../engine/errors";
import type { SshTarget } from "../../../engine/move";
import { nearest } from "./nearest";
import { integer, matching, text } from "./schema";

const hostKey = /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-\S+) [A-Za-z0-9+/=]+( .*)?$/;

/** The hosts that the tool reaches by SSH, each named once. */
export const hosts = z
  .record(
    z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, "must be named by lower-case letters, digits and dashes"),
    z.strictObject({
      host: text("Its name or address."),
      port: integer("Its SSH port.", 1, 65535).default(22),
      user: text("SSH user.").default("root"),
      hostKey: matching(
        hostKey,
        "`ssh-ed25519 AAAA…`, as `ssh-keyscan -t ed25519 HOST` prints it after the host's name",
        "Its SSH host key, as `ssh-keyscan -t ed25519 HOST` prints it after the host's name. Compare it with what the host itself shows: someone in between could impersonate it.",
      ),
    }),
  )
  .prefault({})
  .meta({ description: "The hosts that the tool reaches by SSH, each named once; other keys use the name." });

export type Hosts = z.output<typeof hosts>;

/**
 * The host that a key names.
 * @param key Name of the key, such as `blue.web.host`.
 * @throws `CONFIG_VALUE` where no host has that name
 */
export function hostNamed(all: Hosts, key: string, name: string): SshTarget {
  const host = all[name];
  if (host) return host;
  const names = Object.keys(all);
  const near = nearest(name, names);
  throw new WikiferryError(
    "CONFIG_VALUE",
    `${key} is ${JSON.stringify(name)}, and hosts has ${names.length === 0 ? "no host" : names.join(", ")}`,
    near ? `pulumi config set --path ${key} ${near}` : `pulumi config set --path hosts.${name}.host VALUE`,
  );
}

/**
 * The host that a key names, or the only one that is left for it.
 * @param taken Name of a host that serves something else.
 * @throws `CONFIG_MISSING_KEY` where several are left or none, and as `hostNamed`
 */
export function hostOrOnly(
  all: Hosts,
  key: string,
  name: string | undefined,
  taken: string | undefined,
): SshTarget {
  if (name !== undefined) return hostNamed(all, key, name);
  const left = Object.keys(all).filter((it) => it !== taken);
  const [only, ...others] = left;
  if (only !== undefined && others.length === 0) return hostNamed(all, key, only);
  throw new WikiferryError(
    "CONFIG_MISSING_KEY",
    `${key} is not set, and hosts has ${left.length === 0 ? "no host for it" : `${left.join(", ")}`}`,
    left.length === 0
      ? "Name one under hosts: pulumi config set --path hosts.blue.host VALUE, and hosts.blue.hostKey likewise"
      : `pulumi config set --path ${key} ${left[0]}, or another of them`,
  );
}
