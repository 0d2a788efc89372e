/** The name of one transaction: its stream, the server that wrote it first, its number. */
export interface Gtid {
  domain: number;
  server: number;
  sequence: bigint;
}

/** A position: for each domain the last GTID. */
export type GtidPosition = ReadonlyMap<number, Gtid>;

/**
 * Parses `domain-server-sequence`, or a comma-separated list of them with at most one for each domain. White space and
 * an empty text are allowed.
 * @throws RangeError on anything else
 */
export function parseGtid(text: string): GtidPosition {
  const position = new Map<number, Gtid>();
  if (text.trim() === "") return position;
  for (const part of text.split(",")) {
    const match = /^\s*(\d{1,10})-(\d{1,10})-(\d{1,20})\s*$/.exec(part);
    const gtid = match && {
      domain: Number(match[1]),
      server: Number(match[2]),
      sequence: BigInt(match[3] as string),
    };
    if (
      !gtid ||
      gtid.domain > 0xffffffff ||
      gtid.server > 0xffffffff ||
      gtid.sequence > 0xffffffffffffffffn
    ) {
      throw new RangeError(`no GTID: ${JSON.stringify(part)} in ${JSON.stringify(text)}`);
    }
    if (position.has(gtid.domain)) throw new RangeError(`two GTIDs of domain ${gtid.domain} in "${text}"`);
    position.set(gtid.domain, gtid);
  }
  return position;
}

/** Canonical text, domains in ascending order, no white space. */
export function formatGtid(position: GtidPosition): string {
  return [...position.values()]
    .sort((a, b) => a.domain - b.domain)
    .map((gtid) => `${gtid.domain}-${gtid.server}-${gtid.sequence}`)
    .join(",");
}

/** Whether a server at `outer` has everything up to `inner`, in every domain of `inner`. */
export function contains(outer: string, inner: string): boolean {
  const have = parseGtid(outer);
  return [...parseGtid(inner).values()].every(
    (gtid) => (have.get(gtid.domain)?.sequence ?? 0n) >= gtid.sequence,
  );
}

/** Whether both name exactly the same last transaction in each domain. */
export function samePosition(a: string, b: string): boolean {
  return formatGtid(parseGtid(a)) === formatGtid(parseGtid(b));
}

/** The GTID with the higher sequence for each domain; on a tie that of `a`. */
export function newest(a: string, b: string): string {
  const merged = new Map(parseGtid(a));
  for (const gtid of parseGtid(b).values()) {
    if ((merged.get(gtid.domain)?.sequence ?? -1n) < gtid.sequence) merged.set(gtid.domain, gtid);
  }
  return formatGtid(merged);
}

/**
 * How many transactions `to` has that `from` lacks, summed over domains. With `gtid_strict_mode` sequences are ordered
 * but may have gaps, so this is an upper bound.
 */
export function distance(from: string, to: string): bigint {
  const have = parseGtid(from);
  let sum = 0n;
  for (const gtid of parseGtid(to).values()) {
    const missing = gtid.sequence - (have.get(gtid.domain)?.sequence ?? 0n);
    if (missing > 0n) sum += missing;
  }
  return sum;
}

/**
 * What a replica's binary log has and its source's lacks: transactions that were written on the replica itself.
 * Undefined if there are none. Equal sequences with different servers count too: both sides wrote their own.
 */
export function errant(sourceBinlog: string, replicaBinlog: string): string | undefined {
  const source = parseGtid(sourceBinlog);
  const stray = [...parseGtid(replicaBinlog).values()].filter((gtid) => {
    const known = source.get(gtid.domain);
    return (
      !known ||
      known.sequence < gtid.sequence ||
      (known.sequence === gtid.sequence && known.server !== gtid.server)
    );
  });
  return stray.length === 0 ? undefined : formatGtid(new Map(stray.map((gtid) => [gtid.domain, gtid])));
}
