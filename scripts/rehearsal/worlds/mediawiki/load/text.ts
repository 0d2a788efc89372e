import type { Random } from "../../../../common/random";

/** Marks an edit in its text and its summary; no two edits of any run share one. */
export function editId(run: string, editor: number, sequence: number): string {
  return `wf-${run}-${editor}-${sequence}`;
}

/** The id that a summary carries; ids in the names of the pages that MediaWiki names in a move's don't count. */
export function findId(summary: string): string | undefined {
  return /\bwf-[0-9a-z]+-\d+-\d+\b/.exec(summary.replace(/\[\[.*?\]\]/g, ""))?.[0];
}

const WORDS =
  "ferry harbour tide ledger cargo night crossing engine island signal rope quay weather captain bell chart lantern current deck passage".split(
    " ",
  );
// All of them stay as they are under Unicode's NFC, which MediaWiki applies to what people send.
const RARE = ["🚢", "𠮷", "𝔚", "😀", "🧭", "𐍈", "é", "ß", "日本", "Ω"];

export function sentence(random: Random): string {
  const words = Array.from({ length: 6 + random.below(12) }, () => random.pick(WORDS));
  words.splice(random.below(words.length), 0, random.pick(RARE));
  const text = words.join(" ");
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

export function paragraph(id: string, random: Random): string {
  const sentences = Array.from({ length: 1 + random.below(5) }, () => sentence(random));
  return `Entry ${id} ${random.pick(RARE)}: ${sentences.join(" ")}`;
}

/** A page name without anything that MediaWiki would change; the id makes it new. */
export function pageTitle(id: string, random: Random): string {
  const words = random.sample(WORDS, 2).join(" ");
  const rare = random.chance(0.5) ? ` ${random.pick(RARE)}` : "";
  return `Log of the ${words}${rare} ${id}`;
}

/** File names as people choose them. */
export function fileName(id: string, random: Random): string {
  const [first, second] = random.sample(WORDS, 2);
  return random.pick([
    `${capital(first)}-${id}.png`,
    `${capital(first)} and ${second} ${id}.png`,
    `The "${first}" of ${second} ${id}.png`,
    `It's a ${first}, isn't it ${id}.png`,
    `${capital(first)} 🚢 ${second} ${id}.png`,
    `-${first} ${id}.png`,
  ]);
}

function capital(word = ""): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/**
 * True where saving a text again leaves it as it is, apart from white space at its end: no signatures, no
 * substitutions, no pipe tricks (https://www.mediawiki.org/wiki/Manual:Pre-save_transform).
 */
export function survivesSaving(text: string): boolean {
  return !/~~~|\{\{\s*(?:safe)?subst:|\|\s*\]\]|\[\[\s*\||\r|\0/i.test(text) && text === trimEnd(text);
}

/** What MediaWiki cuts from the end of a text (PHP's `rtrim`). */
export function trimEnd(text: string): string {
  return text.replace(/[ \t\n\r\0\v]+$/, "");
}
