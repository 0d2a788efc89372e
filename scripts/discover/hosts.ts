import type { Inventory } from "../../engine/apps/mediawiki/inventory/types";
import { WikiferryError } from "../../engine/errors";
import type { SshTarget } from "../../engine/move";
import type { SshPool } from "../../engine/runtime/ssh/pool";
import { quote } from "../../engine/runtime/ssh/quote";

/** What a host tells about itself. */
export interface HostFacts {
  target: SshTarget;
  name: string;
  systemd: boolean;
  /** Whether MariaDB runs there. */
  mariadb: boolean;
  /** Its socket, if the SSH user may log in through it as root without a password; empty if not. */
  rootSocket: string;
  configDirectory: string;
  /** This machine as the host sees it. */
  seenFrom: string;
}

const question = `
PATH=$PATH:/usr/sbin:/sbin
uname -n
[ -d /run/systemd/system ] && echo systemd || echo -
if ps -e -o comm= 2>/dev/null | grep -qE '^(mariadbd|mysqld)$'; then echo mariadb; else echo -; fi
client=$(command -v mariadb || command -v mysql)
if [ -n "$client" ]; then timeout 5 "$client" --protocol=socket -u root -N -B -e 'SELECT @@socket' 2>/dev/null || echo -; else echo -; fi
for folder in /etc/mysql/mariadb.conf.d /etc/my.cnf.d /etc/mysql/conf.d; do [ -d "$folder" ] && { echo "$folder"; break; }; done || echo -
echo "\${SSH_CONNECTION%% *}"
`;

export async function askHost(target: SshTarget, pool: SshPool): Promise<HostFacts> {
  const lines = (await (await pool.to(target)).run("sh", question)).split("\n");
  const [name = "", systemd, mariadb, socket = "-", folder = "-", seenFrom = ""] = lines;
  return {
    target,
    name,
    systemd: systemd === "systemd",
    mariadb: mariadb === "mariadb",
    rootSocket: socket.startsWith("/") ? socket : "",
    configDirectory: folder.startsWith("/") ? folder : "",
    seenFrom,
  };
}

/** The host of the wiki's database among those that were named. @throws `DISCOVER_DATABASE_HOST` */
export function databaseHost(
  web: HostFacts,
  hosts: readonly HostFacts[],
  { database }: Inventory,
): HostFacts {
  const local = /^(localhost|127\.|\[?::1)/.test(database.server) || database.socket !== "";
  const found = local
    ? web
    : (hosts.find(({ name, mariadb }) => mariadb && name === database.hostname) ??
      hosts.find(({ target, mariadb }) => mariadb && target.host === database.server) ??
      hosts.find(({ name, mariadb }) => mariadb && name.split(".")[0] === database.server.split(".")[0]));
  if (found) return found;
  throw new WikiferryError(
    "DISCOVER_DATABASE_HOST",
    `the wiki's database runs on ${database.server} (it calls itself ${database.hostname || "nothing"}), and none of the named hosts is that one`,
    `Name it too: npm run discover -- ${web.target.user}@${web.target.host} USER@${database.server}`,
  );
}

/** Where the uploads are to be read and written by SSH. */
export interface UploadsPlace {
  host: HostFacts;
  directory: string;
}

/**
 * The uploads' host: the one that they are mounted from, else one that has the same files, else the web server's.
 */
export async function uploadsPlace(
  web: HostFacts,
  others: readonly HostFacts[],
  { uploads }: Inventory,
  pool: SshPool,
): Promise<UploadsPlace> {
  const here = { host: web, directory: uploads.realDirectory || uploads.directory };
  const [, server, path] = /^(?:\/\/)?(\[[^\]]+\]|[^:/]+):?(\/.*)$/.exec(uploads.mount) ?? [];
  if (server !== undefined && path !== undefined) {
    const found = others.find(
      ({ name, target }) => target.host === server || name.split(".")[0] === server.split(".")[0],
    );
    if (found) return { host: found, directory: path };
    // The mount itself can be read and written from the web server, only slower.
    return here;
  }
  const samples = await sampleFiles(web, here.directory, pool);
  if (samples.length === 0) return here;
  for (const host of others) {
    const directory = await directoryWith(host, samples, pool);
    if (directory !== "") return { host, directory };
  }
  return here;
}

/** Some uploaded files, by path and size. */
async function sampleFiles(web: HostFacts, directory: string, pool: SshPool): Promise<string[]> {
  const script = `cd ${quote(directory)} 2>/dev/null || exit 0
find . -mindepth 3 -maxdepth 3 -path './?/??/*' -type f 2>/dev/null | head -20 | while IFS= read -r file; do printf '%s\\t%s\\n' "$(stat -c %s "$file")" "\${file#./}"; done`;
  const said = await (await pool.to(web.target)).run("sh", script);
  return said.split("\n").filter((line) => line !== "");
}

/** The directory on a host that has all of these files; empty if there is none. */
async function directoryWith(host: HostFacts, samples: readonly string[], pool: SshPool): Promise<string> {
  const first = samples[0]?.split("\t")[1] ?? "";
  const script = `find / -maxdepth 8 \\( -path /proc -o -path /sys -o -path /dev \\) -prune -o -type f -path ${quote(`*/${first.replace(/[*?[\]\\]/g, "?")}`)} -print 2>/dev/null | while IFS= read -r found; do
  root=\${found%${quote(`/${first}`)}}
  ( cd "$root" && while IFS='	' read -r size file; do [ "$(stat -c %s "$file" 2>/dev/null)" = "$size" ] || exit 1; done ) <<'WIKIFERRY_SAMPLES' && { echo "$root"; break; }
${samples.join("\n")}
WIKIFERRY_SAMPLES
done`;
  const said = await (await pool.to(host.target)).exec("sh", script);
  return said.stdout.split("\n")[0] ?? "";
}
