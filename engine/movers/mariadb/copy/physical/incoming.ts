import { execInContainer, runInContainer } from "../../../../runtime/docker/exec";
import { formatGtid, parseGtid } from "../../replication/gtid";
import type { CopyContext } from "../context";

/** Green's data directory, where its volume is mounted. */
const dataDirectory = "/var/lib/mysql";
/**
 * Where a copy lies beside the data until it replaces them. MariaDB ignores a name that begins with a dot. In it:
 *
 * - `data/`: the files as they arrive, then prepared;
 * - `received`: exists once all of them have arrived, with the position as its content;
 * - `ready`: exists once the data could be served. Green's entrypoint replaces the old data with them at its next
 *   start, and leaves `placed` instead;
 * - `before/`: the old data, until the new server has answered.
 */
export const incoming = `${dataDirectory}/.wikiferry-copy`;

export type IncomingState = "empty" | "partial" | "received" | "ready" | "placed";

/** A copy that arrived earlier than this is not continued: blue may have deleted its binary log since. */
const freshMinutes = 60;

/** The stage of a copy beside green's data. Never writes. */
export async function incomingState(ctx: CopyContext): Promise<IncomingState> {
  return (await inGreen(ctx, tellState)).trim() as IncomingState;
}

const tellState = `cd "$incoming" 2>/dev/null || { echo empty; exit; }
if [ -e placed ]; then echo placed
elif [ -n "$(find . -maxdepth 1 -name ready -mmin -${freshMinutes})" ] || [ -e cleared ]; then echo ready
elif [ -n "$(find . -maxdepth 1 -name received -mmin -${freshMinutes})" ]; then echo received
else echo partial; fi`;

/** Ends what an earlier run still does with a copy, and returns its stage. Removes what is useless. */
export async function takeUp(ctx: CopyContext): Promise<"empty" | "received" | "ready"> {
  const said = await inGreen(
    ctx,
    `${endLeftovers}
     state=$(${tellState})
     case $state in
       received | ready) ;;
       *) ${sweep}
          mkdir -p "$incoming/data"; state=empty ;;
     esac
     echo "$state"`,
  );
  return said.trim() as "empty" | "received" | "ready";
}

/** The position of a copy that arrived completely. */
export async function incomingGtid(ctx: CopyContext): Promise<string> {
  const said = await inGreen(ctx, `cd "$incoming" && cat received ready cleared 2>/dev/null || true`);
  return formatGtid(parseGtid(said));
}

/** Removes a copy beside green's data, and ends what an earlier run still does there. The data itself is left alone. */
export async function sweepIncoming(ctx: CopyContext): Promise<void> {
  await inGreen(ctx, `[ -e "$incoming" ] || exit 0\n${endLeftovers}\n${sweep}`);
}

const sweep = `[ ! -e "$incoming/cleared" ] || { echo 'a copy is about to take its place: restart the container' >&2; exit 1; }
rm -f "$incoming/ready" "$incoming/received"; rm -rf "$incoming"`;

/**
 * Ends commands of an earlier run, and removes the key with which they reached blue: a command in a container outlives
 * whoever started it. Their environment identifies them.
 */
const endLeftovers = `for turn in 1 2 3 4 5 6 7 8 9 10 11; do
  found=
  for process in $(grep -lsz '^WIKIFERRY_COPY=work$' /proc/[0-9]*/environ); do
    id=\${process#/proc/}
    found=1; kill -KILL "\${id%/environ}" 2>/dev/null
  done
  [ -n "$found" ] || break
  [ $turn -lt 11 ] || { echo 'an earlier copy does not end' >&2; exit 1; }
  sleep 0.1
done
rm -f /tmp/wikiferry-key.*`;

/** Runs a script in green's container, with `$incoming`. @throws `CONTAINER_COMMAND` */
export function inGreen(ctx: CopyContext, script: string, stdin?: string): Promise<string> {
  return runInContainer(ctx.spec.green.database, ["sh", "-c", withPlace(script)], ctx.pool, { stdin });
}

/** Reads a backup's stream from standard input, several files at a time. */
export const unstream = `mbstream -x -p 2 -C "$incoming/data"`;

/** Like `inGreen`, for long work on the copy, so that `endLeftovers` finds it. Returns the exit code. */
export function workInGreen(
  ctx: CopyContext,
  script: string,
  options: Pick<Parameters<typeof execInContainer>[3] & object, "stdin"> = {},
): ReturnType<typeof execInContainer> {
  return execInContainer(
    ctx.spec.green.database,
    ["bash", "-c", withPlace(`set -o pipefail\n${script}`)],
    ctx.pool,
    {
      ...options,
      env: { WIKIFERRY_COPY: "work" },
    },
  );
}

function withPlace(script: string): string {
  return `set -u; umask 027; incoming=${incoming}; datadir=${dataDirectory}\n${script}`;
}
