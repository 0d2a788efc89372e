/** Figures for people: one way to write each, in messages, tables and reports. */

const integers = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** `1,234`. */
export function count(n: number): string {
  return integers.format(n);
}

/** `1 edit`, `1,234 edits`. */
export function some(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** `4.3 ms`, `61 ms`, `4.2 s`, `2 min 05 s`, `2.5 h`, `3 d`. */
export function duration(ms: number): string {
  if (ms < 999.5) return `${Math.abs(ms) < 9.95 ? Math.round(ms * 10) / 10 : Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 3_599_500) {
    const seconds = Math.round(ms / 1000);
    return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
  }
  if (ms < 172_800_000) return `${(ms / 3_600_000).toFixed(1)} h`;
  return `${Math.round(ms / 86_400_000)} d`;
}

/** `12 B`, `1.5 kB`, `62.3 MB`, `187 MB`, `8.3 GB`; kB, MB and GB are powers of 1,000. */
export function size(bytes: number): string {
  if (bytes < 1e3) return `${Math.round(bytes)} B`;
  const [divisor, unit]: [number, string] =
    bytes < 1e6 ? [1e3, "kB"] : bytes < 1e9 ? [1e6, "MB"] : [1e9, "GB"];
  const value = bytes / divisor;
  return `${value < 99.95 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}
