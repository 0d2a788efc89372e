import { Random } from "../../common/random";

/** A stock of text from which the server cuts pieces. */
export interface Prose {
  /** English-like words in ASCII. */
  ascii: Buffer[];
  /** The same with characters of two to four bytes in UTF-8. */
  wide: Buffer[];
}

/** Size of each block. A piece of 60 kB fits from any of the first 5,000 bytes on. */
export const blockBytes = 66_000;
/** Number of blocks of each kind. */
export const blocks = 24;

const syllables =
  "an ber co da el fer go har i jo ka lo mi na or pe qua ri so ta un ver wa xi yo zu the ing tion".split(" ");
const rare = ["🚢", "𠮷", "𝔚", "😀", "🧭", "𐍈", "é", "ß", "日本", "Ω"];

/** Text that compresses realistically: some thousand words, few of them frequent. A seed repeats it. */
export function writeProse(seed: number): Prose {
  const random = new Random(seed);
  const words = Array.from({ length: 4_000 }, () =>
    Array.from({ length: 1 + random.below(4) }, () => random.pick(syllables)).join(""),
  );
  const word = () => words[Math.floor(words.length * random.next() ** 3)] as string;
  const block = (wide: boolean): Buffer => {
    const parts: string[] = [];
    for (let bytes = 0; bytes < blockBytes; ) {
      const next = wide && random.chance(0.2) ? random.pick(rare) : word();
      parts.push(next, random.chance(0.03) ? ".\n" : " ");
      bytes += Buffer.byteLength(next) + 1;
    }
    return Buffer.from(parts.join("")).subarray(0, blockBytes);
  };
  const make = (wide: boolean) => Array.from({ length: blocks }, () => block(wide));
  return { ascii: make(false), wide: make(true) };
}
