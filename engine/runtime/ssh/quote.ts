/** A word of a shell command. */
export function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
