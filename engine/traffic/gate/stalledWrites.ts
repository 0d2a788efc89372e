/** A request body that arrives more slowly than this is not waited for, in bytes per second: a dial-up line. */
const slowBytesPerSecond = 8_192;
/** From this age on, in seconds, a body that is still arriving is too long to end during a drain. */
const longBodySeconds = 5;

/**
 * Counts the writes in flight that only their client keeps open. Either the body arrives so slowly, or is so long, that
 * it will not end during a drain, or the answer is ready and the client does not read it. Neither holds anything in a
 * database: a web server starts PHP once it has the body, and MediaWiki commits before it answers.
 *
 * A stream that this function can't parse counts as one to wait for. So does a stream younger than one second, because
 * HAProxy reports ages in whole seconds.
 * @param text The answer to HAProxy's runtime command `show sess all` (cli.c and stream.c of HAProxy 2.6).
 */
export function stalledWrites(text: string): number {
  return text.split(/\n(?=0x)/).filter(isStalled).length;
}

function isStalled(stream: string): boolean {
  if (!/\bbackend=write_(?:blue|green) /.test(stream)) return false;
  const age = /\bage=(\w+)\)/.exec(stream)?.[1];
  const states = /\bstatus=(-?\d+) req\.st=(\w+) rsp\.st=(\w+)/.exec(stream);
  if (age === undefined || !states) return false;
  const ageSeconds = seconds(age);
  if (ageSeconds < 1) return false;
  const [, status, request] = states;
  if (Number(status) >= 200) return true;
  if (!/^MSG_DATA$/.test(request ?? "")) return false;
  const received = /\breq=0x[0-9a-f]+ \([^)]*\btotal=(\d+)\)/.exec(stream)?.[1];
  return ageSeconds >= longBodySeconds || Number(received) / ageSeconds < slowBytesPerSecond;
}

/** HAProxy's ages: `2s`, `1m5s`, `3h`, `2d4h`. */
function seconds(age: string): number {
  const unit: Record<string, number> = { d: 86_400, h: 3_600, m: 60, s: 1 };
  let total = 0;
  for (const [, amount, letter] of age.matchAll(/(\d+)([dhms])/g))
    total += Number(amount) * (unit[letter as string] as number);
  return total;
}
