/** What differs between the accents that can be spoken: which sounds they have, in the alphabet that Kokoro was trained on. */

/** American and British English. */
export type Accent = "us" | "gb";

/** Letters of that alphabet that are vowels; capitals are diphthongs: A as in "day", I "my", O "go", Q "go" (British), W "now", Y "boy". */
export const VOWELS: ReadonlySet<string> = new Set("AIOQWYaiuæɑɒɔəɛɜɪʊʌᵻɐ");

export const PRIMARY_STRESS = "ˈ";
export const SECONDARY_STRESS = "ˌ";

/** CMU Flite's phones (ARPAbet) in that alphabet. */
const ARPABET: Readonly<Record<string, string>> = {
  aa: "ɑ",
  ae: "æ",
  ah: "ʌ",
  ao: "ɔ",
  aw: "W",
  ax: "ə",
  axr: "əɹ",
  ay: "I",
  b: "b",
  ch: "ʧ",
  d: "d",
  dh: "ð",
  eh: "ɛ",
  er: "əɹ",
  ey: "A",
  f: "f",
  g: "ɡ",
  hh: "h",
  ih: "ɪ",
  ix: "ᵻ",
  iy: "i",
  jh: "ʤ",
  k: "k",
  l: "l",
  m: "m",
  n: "n",
  ng: "ŋ",
  ow: "O",
  oy: "Y",
  p: "p",
  r: "ɹ",
  s: "s",
  sh: "ʃ",
  t: "t",
  th: "θ",
  uh: "ʊ",
  uw: "u",
  v: "v",
  w: "w",
  y: "j",
  z: "z",
  zh: "ʒ",
};

/** Vowels that are never stressed in English. */
const WEAK = "əᵻ";

/**
 * A word out of Flite's phones, which tell no stress: it is put on the first vowel that can bear it, right in most English words
 * and in nearly all names of two syllables.
 */
export function fromArpabet(phones: readonly string[], accent: Accent): string {
  const american = phones.map((phone) => ARPABET[phone] ?? "").join("");
  const letters = [...(accent === "us" ? american : toBritish(american))];
  const strong = letters.findIndex((letter) => VOWELS.has(letter) && !WEAK.includes(letter));
  const at = strong >= 0 ? strong : letters.findIndex((letter) => VOWELS.has(letter));
  return at < 0 ? letters.join("") : [...letters.slice(0, at), PRIMARY_STRESS, ...letters.slice(at)].join("");
}

const SILENT_R = new RegExp(`ɹ(?![${[...VOWELS].join("")}])`, "g");

/** Long vowels are marked, "go" is another diphthong, and an r is spoken only before a vowel. */
function toBritish(american: string): string {
  return american
    .replaceAll("O", "Q")
    .replaceAll("æ", "a")
    .replaceAll("ᵻ", "ɪ")
    .replace(SILENT_R, "")
    .replace(/[ɑɔiu]/g, "$&ː");
}
