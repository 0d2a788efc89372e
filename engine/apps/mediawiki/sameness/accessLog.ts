import { type Finding, warn } from "../../../finding";
import type { SshTarget } from "../../../move";
import type { SshPool } from "../../../runtime/ssh/pool";

/** A request of clients, as often as the log has it. */
export interface LoggedRequest {
  method: string;
  target: string;
  count: number;
}

export interface AccessLog {
  requests: LoggedRequest[];
  /** What is wrong with the log; undefined where it was read. */
  finding?: Finding;
}

/** Files that are read at most, the newest first, and lines of each. */
const mostFiles = 12;
const mostLines = 400_000;

/** Different requests that the host hands over at most, the most frequent first. */
const mostRequests = 20_000;

/**
 * Counts the requests on the host itself: only paths leave it, no client's address. Where the logs are is what the web
 * server's configuration says, and where Debian and Red Hat put them. Lines of `common` and `combined`, Apache's and
 * nginx's, with or without a virtual host before them, hold `"METHOD target HTTP/x" status`. Rotated files are read
 * through their decompressor.
 */
const countRequests = `
names=$(grep -rhoiE '^[[:space:]]*(CustomLog|TransferLog|access_log)[[:space:]]+"?/?[^" ;|]+' /etc/apache2 /etc/httpd /etc/nginx /usr/local/apache2/conf 2>/dev/null |
  sed -E 's/^[[:space:]]*[A-Za-z_]+[[:space:]]+"?//; s#\\$\\{?APACHE_LOG_DIR\\}?#/var/log/apache2#; s#^logs/#/etc/httpd/logs/#' | grep '^/' | sort -u)
found=$(for name in $names /var/log/apache2/*access*.log /var/log/httpd/*access*log /var/log/nginx/*access*.log; do
  for file in "$name" "$name".* "$name"-*; do [ -f "$file" ] && printf '%s\\n' "$file"; done
done | sort -u)
[ -n "$found" ] || { echo '#missing'; exit 0; }
printf '%s\\n' "$found" | tr '\\n' '\\0' | xargs -0 ls -t | head -n ${mostFiles} | while read -r file; do
  [ -r "$file" ] || { echo "#unreadable $file"; continue; }
  case "$file" in
    *.gz) gzip -dc -- "$file" ;; *.bz2) bzip2 -dc -- "$file" ;; *.xz) xz -dc -- "$file" ;; *.zst) zstd -dc -- "$file" ;;
    *) cat -- "$file" ;;
  esac 2>/dev/null | tail -n ${mostLines}
done | LC_ALL=C nice awk '
  NF == 0 { next }
  /^#unreadable / { print; next }
  match($0, /"[A-Z]+ [^ "]+ HTTP\\/[0-9.]+" [0-9][0-9][0-9]/) {
    good++; split(substr($0, RSTART + 1, RLENGTH - 1), part, /"? /)
    if (part[4] != 400 && part[4] < 500 && (part[1] == "GET" || part[1] == "HEAD")) count[part[1] " " part[2]]++
    next
  }
  { bad++ }
  END { print "#lines", good + 0, bad + 0; for (one in count) print count[one], one }' |
  sort -rn | { n=0; while IFS= read -r line; do case "$line" in '#'*) printf '%s\\n' "$line" ;; *) n=$((n+1)); [ $n -gt ${mostRequests} ] || printf '%s\\n' "$line" ;; esac; done; }`;

/** What clients have asked blue for, from its access log. A log that can't be used is a finding. Never writes there. */
export async function readAccessLog(host: SshTarget, pool: SshPool): Promise<AccessLog> {
  const connection = await pool.to(host);
  const { stdout } = await connection.exec("sh -s", countRequests);
  return readCounts(stdout, host.host);
}

/** Parses what the host counted. */
export function readCounts(text: string, host: string): AccessLog {
  const unreadable = [...text.matchAll(/^#unreadable (.+)$/gm)].map(([, file]) => file as string);
  const requests = [...text.matchAll(/^\s*(\d+) ([A-Z]+) (\S+)$/gm)].map(([, count, method, target]) => ({
    method: method as string,
    target: target as string,
    count: Number(count),
  }));
  const [, good, bad] = (/^#lines (\d+) (\d+)$/m.exec(text) ?? []).map(Number);
  const finding = whatIsWrong(host, /^#missing$/m.test(text), unreadable, good ?? 0, bad ?? 0);
  return finding ? { requests, finding } : { requests };
}

function whatIsWrong(host: string, missing: boolean, unreadable: string[], good: number, bad: number) {
  const instead = "Both sides are asked for the addresses that every MediaWiki has";
  if (missing)
    return warn(
      "COMPARE_LOG_MISSING",
      `${host} keeps no access log in a file that its web server names`,
      instead,
    );
  if (unreadable.length > 0)
    return warn(
      "COMPARE_LOG_UNREADABLE",
      `the SSH user on ${host} may not read ${unreadable.slice(0, 3).join(", ")}`,
      `Add it to the group that owns the file (adm on Debian). ${instead}`,
    );
  if (bad > good)
    return warn(
      "COMPARE_LOG_FORMAT",
      `${bad} of ${good + bad} lines of ${host}'s access log have another format than common or combined`,
      instead,
    );
  return undefined;
}
