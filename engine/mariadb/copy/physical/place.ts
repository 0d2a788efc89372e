import { execInContainer, runInContainer } from "../../../docker/exec";
import { formatGtid, parseGtid } from "../../replication/gtid";
import type { CopyContext } from "../copy";

/** Green's data directory; its volume is mounted there. */
const dataDirectory = "/var/lib/mysql";
/**
 * Where a copy lies beside the data until it takes its place; MariaDB does not see a name that begins with a dot. In it:
 *
 * - `data/` the files as they arrive, then prepared;
 * - `received` once all of them have arrived, with the position as its content;
 * - `ready` once the data could be served: green's entrypoint puts it in the place of the old data at its next start,
 *   and leaves `placed` instead;
 * - `before/` the old data, until the new server has answered.
 */
export const incoming = `${dataDirectory}/.wikiferry-copy`;

export type PlaceState = "empty" | "partial" | "received" | "ready" | "placed";

/** A copy that arrived earlier than this is not gone on with: blue may have deleted its binary log since. */
const freshMinutes = 60;

/** How far a copy beside green's data is. Never writes. */
export async function placeState(ctx: CopyContext): Promise<PlaceState> {
  const said = await inGreen(
    ctx,
    `cd "$incoming" 2>/dev/null || { echo empty; exit; }
     if [ -e placed ]; then echo placed
     elif [ -n "$(find . -maxdepth 1 -name ready -mmin -${freshMinutes})" ] || [ -e cleared ]; then echo ready
     elif [ -n "$(find . -maxdepth 1 -name received -mmin -${freshMinutes})" ]; then echo received
     else echo partial; fi`,
  );
  return said.trim() as PlaceState;
}

/** The position of a copy that arrived whole. */
export async function placeGtid(ctx: CopyContext): Promise<string> {
  const said = await inGreen(ctx, `cd "$incoming" && cat received ready cleared 2>/dev/null || true`);
  return formatGtid(parseGtid(said));
}

/** Takes away a copy beside green's data, and what an earlier run still does there. The data itself is left alone. */
export async function sweepPlace(ctx: CopyContext): Promise<void> {
  await endLeftovers(ctx);
  await inGreen(
    ctx,
    `[ ! -e "$incoming/cleared" ] || { echo 'a copy is about to take its place: restart the container' >&2; exit 1; }
     rm -f "$incoming/ready" "$incoming/received"; rm -rf "$incoming"`,
  );
}

/** Ends commands of an earlier run that still work on the copy: a command in a container outlives who started it. */
export async function endLeftovers(ctx: CopyContext): Promise<void> {
  // Its own command line names the folder as well: told by the environment instead.
  await inGreen(
    ctx,
    `for turn in 1 2 3 4 5 6 7 8 9 10; do
       found=
       for process in /proc/[0-9]*; do
         id=\${process#/proc/}
         [ "$id" = 1 ] || [ "$id" = $$ ] && continue
         if tr '\\0' '\\n' <"$process/environ" 2>/dev/null | grep -q '^WIKIFERRY_COPY=work$'; then
           found=1; kill -KILL "$id" 2>/dev/null
         fi
       done
       [ -n "$found" ] || exit 0
       sleep 0.2
     done
     echo 'an earlier copy does not end' >&2; exit 1`,
  );
}

/** Runs a script in green's container, with `$incoming`. @throws `CONTAINER_COMMAND` */
export function inGreen(ctx: CopyContext, script: string, stdin?: string): Promise<string> {
  return runInContainer(ctx.spec.green.database, ["sh", "-c", withPlace(script)], ctx.pool, { stdin });
}

/** Like `inGreen`, for what works on the copy for long: `endLeftovers` finds it. The exit code is returned. */
export function workInGreen(
  ctx: CopyContext,
  script: string,
  options: Pick<Parameters<typeof execInContainer>[3] & object, "stdin"> = {},
): ReturnType<typeof execInContainer> {
  return execInContainer(ctx.spec.green.database, ["sh", "-c", withPlace(script)], ctx.pool, {
    ...options,
    env: { WIKIFERRY_COPY: "work" },
  });
}

function withPlace(script: string): string {
  return `set -u; umask 027; incoming=${incoming}; datadir=${dataDirectory}\n${script}`;
}
