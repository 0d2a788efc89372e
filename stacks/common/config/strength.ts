const leastLength = 32;
/** The share of four-character pieces in a text that must differ; random hex digits are at 0.97 and above. */
const leastVariety = 0.8;
const leastSymbols = 8;
/** Neighbours on the keyboard or in the alphabet, such as `abcdef` or `777777`. */
const longestRun = 6;
/** Above it most of the text reads as words. In random Base64, runs of letters of this length with vowels are rare. */
const mostWords = 0.6;

/**
 * Why a text can't be the output of a random source, as the end of a sentence; undefined where it may be. An estimate,
 * which finds what people type: short, repeated, counted, made of words.
 */
export function weaknessOf(secret: string): string | undefined {
  if (secret.length < leastLength) return `must have at least ${leastLength} characters`;
  if (new Set(secret).size < leastSymbols) return `has fewer than ${leastSymbols} different characters`;
  const pieces = piecesOf(secret, 4);
  if (new Set(pieces).size / pieces.length < leastVariety) return "repeats itself";
  if (longestStep(secret) > longestRun) return "counts or repeats one character";
  const runs = secret.match(/[A-Z]?[a-z]{4,}/g) ?? [];
  const words = runs.filter((run) => (run.match(/[aeiouy]/gi)?.length ?? 0) / run.length >= 0.25);
  if (words.join("").length / secret.length > mostWords) return "reads as words";
  return undefined;
}

function piecesOf(text: string, length: number): string[] {
  return Array.from({ length: text.length - length + 1 }, (_, at) => text.slice(at, at + length));
}

/** Length of the longest run of equal characters, or of characters each one above or below the one before. */
function longestStep(text: string): number {
  let longest = 1;
  let length = 1;
  let before: number | undefined;
  for (let at = 1; at < text.length; at++) {
    const step = text.charCodeAt(at) - text.charCodeAt(at - 1);
    if (Math.abs(step) > 1) length = 1;
    else length = step === before ? length + 1 : 2;
    before = step;
    longest = Math.max(longest, length);
  }
  return longest;
}
