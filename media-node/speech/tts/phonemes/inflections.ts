/** The endings -s, -ed and -ing: how a word with one is spoken, where the word without it is known. */
import type { Accent } from "./accent.ts";

/** How a word is spoken; undefined where that is not known. */
export type Pronounce = (word: string) => string | undefined;

/** An American t between these and a vowel is tapped: "waiting", "wanted" as opposed to "acted". */
const TAPPED_AFTER = "AIOWYiuæɑəɛɪɹʊʌ";

/** Stems that a word may have, and what its ending makes of how they are spoken. */
interface Ending {
  readonly pattern: RegExp;
  readonly stems: (word: string) => readonly string[];
  readonly attach: (stem: string, accent: Accent) => string;
}

const ENDINGS: readonly Ending[] = [
  {
    pattern: /^.{2,}s$/,
    stems: (word) => {
      if (word.endsWith("'s")) return [word.slice(0, -2)];
      if (word.endsWith("ss")) return [];
      const stems = [word.slice(0, -1)];
      if (word.endsWith("ies")) stems.push(`${word.slice(0, -3)}y`);
      else if (word.endsWith("es")) stems.push(word.slice(0, -2));
      return stems;
    },
    attach: (stem, accent) => {
      if (/[szʃʒʧʤ]$/.test(stem)) return `${stem}${weakVowel(accent)}z`;
      return `${stem}${/[ptkfθ]$/.test(stem) ? "s" : "z"}`;
    },
  },
  {
    pattern: /^.{2,}ed$/,
    stems: (word) => {
      const [base, withE] = [word.slice(0, -2), word.slice(0, -1)];
      const stems = [withE, base];
      if (word.endsWith("ied")) stems.unshift(`${word.slice(0, -3)}y`);
      return [...stems, ...undoubled(base)];
    },
    attach: (stem, accent) => {
      if (stem.endsWith("d")) return `${stem}${weakVowel(accent)}d`;
      if (stem.endsWith("t")) return `${tapped(stem, accent)}${weakVowel(accent)}d`;
      return `${stem}${/[pkfθʃsʧ]$/.test(stem) ? "t" : "d"}`;
    },
  },
  {
    pattern: /^.{2,}ing$/,
    stems: (word) => {
      const base = word.slice(0, -3);
      return [base, `${base}e`, ...undoubled(base)];
    },
    // A British r that was silent at the end of the word is spoken before the ending.
    attach: (stem, accent) => `${tapped(stem, accent)}${accent === "gb" && /[əː]$/.test(stem) ? "ɹ" : ""}ɪŋ`,
  },
];

/** How an inflected word is spoken, its stem being known. @param word in small letters. */
export function pronounceInflected(word: string, accent: Accent, known: Pronounce): string | undefined {
  for (const { pattern, stems, attach } of ENDINGS) {
    if (!pattern.test(word)) continue;
    for (const stem of stems(word)) {
      const spoken = stem.length < 2 ? undefined : known(stem);
      if (spoken !== undefined) return attach(spoken, accent);
    }
  }
  return undefined;
}

/** "stopp" is "stop"; "pick" stays. */
function undoubled(stem: string): string[] {
  return /([bcdgklmnprstvxz])\1$/.test(stem) ? [stem.slice(0, -1)] : [];
}

function weakVowel(accent: Accent): string {
  return accent === "us" ? "ᵻ" : "ɪ";
}

function tapped(stem: string, accent: Accent): string {
  const before = stem.at(-2);
  const taps = accent === "us" && stem.endsWith("t") && before !== undefined && TAPPED_AFTER.includes(before);
  return taps ? `${stem.slice(0, -1)}ɾ` : stem;
}
