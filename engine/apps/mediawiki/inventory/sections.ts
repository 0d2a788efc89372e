/**
 * Output of one script in named parts: a record separator (ASCII 30) and the part's name on a line of their own, then
 * its text. No text file has that character.
 */
const separator = "\u001e";

/** Shell: `part NAME` begins a part. */
export const partFunction = `part() { printf '\\n\\036%s\\n' "$1"; }`;

/** The parts in order. Several may have the same name. */
export function partsOf(output: string): { name: string; text: string }[] {
  return output
    .split(`\n${separator}`)
    .slice(1)
    .map((part) => {
      const end = part.indexOf("\n");
      return end < 0 ? { name: part, text: "" } : { name: part.slice(0, end), text: part.slice(end + 1) };
    });
}

/** The text of a part; empty where there is none. */
export function partNamed(parts: readonly { name: string; text: string }[], name: string): string {
  return parts.find((part) => part.name === name)?.text ?? "";
}

/** What follows a prefix in the names of parts, with their texts: files by path. */
export function filesUnder(parts: readonly { name: string; text: string }[], prefix: string) {
  return parts
    .filter(({ name }) => name.startsWith(prefix))
    .map(({ name, text }) => ({ file: name.slice(prefix.length), text }));
}

export const linesOf = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
