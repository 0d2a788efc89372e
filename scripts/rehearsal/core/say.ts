/** Progress for people on stderr, so that stdout stays for results. */
export class Say {
  private readonly startedMs = Date.now();

  line(text: string): void {
    const s = Math.floor((Date.now() - this.startedMs) / 1000);
    const clock = `${String(Math.floor(s / 60)).padStart(2, "0")}:${String(s % 60).padStart(2, "0")}`;
    process.stderr.write(`${clock}  ${text}\n`);
  }
}

/**
 * The lines of `pulumi up` that carry progress: what a hold prints, as `[step] 40 % message`, while it runs; the
 * engine repeats them at the end.
 */
export function progressIn(line: string): string | undefined {
  return /^\s+pulumi:pulumi:Stack .*?(\[[a-z][a-z -]*\] .*)$/.exec(line)?.[1];
}
