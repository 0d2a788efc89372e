/** One line of progress. Standard output is reserved for the figures. */
export function say(line: string): void {
  process.stderr.write(`bench: ${line}\n`);
}
