/** One line of progress; standard output belongs to the figures. */
export function say(line: string): void {
  process.stderr.write(`bench: ${line}\n`);
}
