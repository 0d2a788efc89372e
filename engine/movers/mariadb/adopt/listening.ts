import type { SshConnection } from "../../../runtime/ssh/connection";
import { quote } from "../../../runtime/ssh/quote";
import { dropInName, type Listening, listensLocally, type Variables } from "./changes";

/** The addresses of the host's interfaces, those of its name, and the one from which it reaches green. */
const lookScript = `export LC_ALL=C
local=$(hostname -I 2>/dev/null || ip -4 -o addr 2>/dev/null | sed -n 's/.* inet \\([0-9.]*\\).*/\\1/p')
echo "local" $local
echo "name" $(getent ahostsv4 "$name" | cut -d' ' -f1 | sort -u)
way=$(getent ahostsv4 "$green" | head -n 1 | cut -d' ' -f1)
[ -z "$way" ] || echo "way" $(ip -4 route get "$way" 2>/dev/null | sed -n 's/.* src \\([0-9.]*\\).*/\\1/p')
sed -n 's/^bind_address = /before /p' "$file" 2>/dev/null`;

/**
 * Where a blue that listens on its own host only must also listen: on the address by which green reaches it, and on no
 * other. Undefined where it already listens for other hosts. Never writes.
 * @param greenHost Green's MariaDB as seen from blue.
 */
export async function findListening(
  variables: Variables,
  ssh: SshConnection,
  place: { configDirectory: string; replication: { host: string } },
  greenHost: string,
): Promise<Listening | undefined> {
  const file = `${place.configDirectory}/${dropInName}`;
  const said = await ssh.run(
    `name=${quote(place.replication.host)} green=${quote(greenHost)} file=${quote(file)}; ${lookScript} || true`,
  );
  return chooseListening(variables, said, place.replication.host);
}

/** Several addresses are possible since 10.11.1 (MDEV-6536). */
function takesSeveral(version: string): boolean {
  const [major = 0, minor = 0] = version.split(/[.-]/).map(Number);
  return major > 10 || (major === 10 && minor >= 11);
}

/** Evaluates what was read from the host. Pure. */
export function chooseListening(
  variables: Variables,
  said: string,
  replicationHost: string,
): Listening | undefined {
  const line = (word: string) =>
    said
      .split("\n")
      .find((text) => text.startsWith(`${word} `))
      ?.slice(word.length + 1)
      .trim() ?? "";
  const before = line("before");
  // Adoption determined it before, so the value in the file stays.
  if (before !== "") return { address: before, why: "as adoption found it" };
  if (!listensLocally(variables)) return undefined;
  const local = line("local").split(/\s+/).filter(isOutside);
  const named = line("name").split(/\s+/).filter(isOutside);
  const found = named.find((address) => local.includes(address));
  const way = line("way").split(/\s+/).filter(isOutside)[0];
  const single = local.length === 1 ? local[0] : undefined;
  const address = found ?? way ?? single;
  if (address === undefined) {
    return {
      address: "0.0.0.0",
      why: `on all addresses, because ${replicationHost} is none of this host's (${local.join(", ") || "none is known"}) and no route says by which one green comes; a firewall must bar the others`,
    };
  }
  if (!takesSeveral(variables.version ?? "")) {
    return {
      address: "0.0.0.0",
      why: `on all addresses, because MariaDB before 10.11 listens on one or on all, and the wiki needs ${variables.bind_address}; a firewall must bar all but ${address}`,
    };
  }
  const by = found ? replicationHost : way ? "the way to green" : "the host's only address";
  return { address: `${variables.bind_address},${address}`, why: `${address}, ${by}` };
}

/** An IPv4 address that is not the host's own loopback (Debian gives a host's name 127.0.1.1). */
function isOutside(address: string): boolean {
  return /^\d+(\.\d+){3}$/.test(address) && !address.startsWith("127.");
}
