import type { Place } from "./types";

/** A directive of Apache's configuration, or a section with directives in it. */
export interface ApacheDirective extends Place {
  name: string;
  /** Its arguments without quotes. */
  args: string[];
  /** Everything after the name, as it is written. */
  rest: string;
  /** Of a section such as `<Directory>`; unset for a plain directive. */
  children?: ApacheDirective[];
}

/**
 * Parses a file of Apache's configuration (httpd.apache.org/docs/2.4/configuring.html): one directive for each line, a
 * backslash at the end continues it, sections nest. A section that is not closed ends with the file.
 */
export function parseApache(file: string, text: string): ApacheDirective[] {
  const top: ApacheDirective[] = [];
  const open: ApacheDirective[][] = [top];
  for (const { line, text: content } of logicalLines(text)) {
    const trimmed = content.trim();
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    if (trimmed.startsWith("</")) {
      if (open.length > 1) open.pop();
      continue;
    }
    const section = /^<([^\s>]+)\s*([\s\S]*?)>\s*$/.exec(trimmed);
    const plain = /^(\S+)\s*([\s\S]*)$/.exec(trimmed);
    const [, name = "", rest = ""] = section ?? plain ?? [];
    const directive: ApacheDirective = { file, line, name, rest: rest.trim(), args: words(rest) };
    open.at(-1)?.push(directive);
    if (section) {
      directive.children = [];
      open.push(directive.children);
    }
  }
  return top;
}

/** Lines that a backslash continues, joined, with the number of the first. */
function logicalLines(text: string): { line: number; text: string }[] {
  const lines: { line: number; text: string }[] = [];
  let joined: { line: number; text: string } | undefined;
  text.split("\n").forEach((raw, at) => {
    const part = raw.replace(/\r$/, "");
    joined = joined ? { ...joined, text: joined.text + part } : { line: at + 1, text: part };
    if (joined.text.endsWith("\\")) joined.text = joined.text.slice(0, -1);
    else {
      lines.push(joined);
      joined = undefined;
    }
  });
  if (joined) lines.push(joined);
  return lines;
}

/** Arguments as Apache splits them (`ap_getword_conf`): quotes keep blanks, a backslash before a quote keeps the quote. */
export function words(text: string): string[] {
  const found: string[] = [];
  const pattern = /"((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)'|(\S+)/g;
  for (const [, double, single, plain] of text.matchAll(pattern)) {
    const quoted = double ?? single;
    found.push(quoted === undefined ? (plain ?? "") : quoted.replace(/\\(["'\\])/g, "$1"));
  }
  return found;
}
