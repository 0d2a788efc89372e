import type { Place } from "./types";

/** A directive of nginx's configuration, or a block with directives in it. */
export interface NginxDirective extends Place {
  name: string;
  /** Its arguments without quotes. */
  args: string[];
  /** Its arguments as they are written. */
  raw: string[];
  /** Of a block such as `server`; unset for a plain directive. */
  children?: NginxDirective[];
}

interface Token {
  text: string;
  line: number;
  quoted: boolean;
}

/** Parses a file of nginx's configuration (nginx.org/en/docs/beginners_guide.html#conf_structure). */
export function parseNginx(file: string, text: string): NginxDirective[] {
  const tokens = tokensOf(text);
  const top: NginxDirective[] = [];
  const open: NginxDirective[][] = [top];
  let words: Token[] = [];
  for (const token of tokens) {
    const mark = token.quoted ? "" : token.text;
    if (mark === "}") {
      if (open.length > 1) open.pop();
      words = [];
    } else if (mark === ";" || mark === "{") {
      const [name, ...args] = words;
      words = [];
      if (!name) continue;
      const directive: NginxDirective = {
        file,
        line: name.line,
        name: name.text,
        args: args.map((arg) => arg.text),
        raw: args.map((arg) => (arg.quoted ? `"${arg.text.replace(/(["\\])/g, "\\$1")}"` : arg.text)),
      };
      open.at(-1)?.push(directive);
      if (mark === "{") {
        directive.children = [];
        open.push(directive.children);
      }
    } else words.push(token);
  }
  return top;
}

/**
 * Words, `;`, `{` and `}`. A brace belongs to a word where it follows `$`, as in `${name}`, and within a regular
 * expression of a plain word nginx takes it as the beginning of a block, so does this.
 */
function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let line = 1;
  let at = 0;
  const count = (piece: string) => {
    for (const character of piece) if (character === "\n") line++;
  };
  while (at < text.length) {
    const rest = text.slice(at);
    const blank = /^(\s+|#[^\n]*)/.exec(rest)?.[0];
    if (blank) {
      count(blank);
      at += blank.length;
      continue;
    }
    const mark = rest[0] ?? "";
    if (mark === ";" || mark === "{" || mark === "}") {
      tokens.push({ text: mark, line, quoted: false });
      at += 1;
      continue;
    }
    const quote = /^(?:"((?:\\[\s\S]|[^"\\])*)"|'((?:\\[\s\S]|[^'\\])*)')/.exec(rest);
    if (quote) {
      tokens.push({ text: (quote[1] ?? quote[2] ?? "").replace(/\\(["'\\])/g, "$1"), line, quoted: true });
      count(quote[0]);
      at += quote[0].length;
      continue;
    }
    const word = /^(?:\\[\s\S]|\$\{|[^\s;{}\\])(?:\\[\s\S]|\$\{[^}]*\}|[^\s;{\\])*/.exec(rest)?.[0] ?? mark;
    tokens.push({ text: word, line, quoted: false });
    count(word);
    at += word.length;
  }
  return tokens;
}
