import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromArpabet } from "./accent.ts";
import { Dictionary } from "./dictionary.ts";
import { Phonemizer } from "./phonemize.ts";
import { tokenize } from "./tokens.ts";

const DICTIONARY = JSON.stringify({
  hello: "həlˈO",
  apple: "ˈæpᵊl",
  time: "tˈIm",
  live: { DEFAULT: "lˈIv", VERB: "lˈɪv" },
  record: { DEFAULT: "ɹˈɛkəɹd", VERB: "ɹəkˈɔɹd" },
  used: { DEFAULT: "jˈuzd", VBD: "jˈust" },
  by: { DEFAULT: "bI", None: "bˈI" },
  to: "tu",
  watch: "wˈɑʧ",
  stop: "stˈɑp",
  want: "wˈɑnt",
  wait: "wˈAt",
  make: "mˈAk",
  carry: "kˈɛɹi",
  book: "bˈʊk",
  Paris: "pˈɛɹəs",
  NASA: "nˈæsə",
  us: "ˌʌs",
  edge: "ˈɛʤ",
  "Mr.": "mˈɪstəɹ",
  dollars: "dˈɑləɹz",
  five: "fˈIv",
  A: "ˈA",
  P: "pˈi",
  I: "ˈI",
  S: "ˈɛs",
  U: "jˈu",
  nothing: { DEFAULT: null },
});
const GB = JSON.stringify({ far: "fˈɑː", wait: "wˈAt" });

const frontEnd = {
  words: (text: string) => (text === "$5" ? ["five", "dollars"] : [...text.toLowerCase()]),
  phones: (word: string) => (word === "kokoro" ? ["k", "ax", "k", "ao", "r", "ow"] : ["ah"]),
};
const us = new Phonemizer({ accent: "us", dictionary: new Dictionary([DICTIONARY], "us"), frontEnd });
const gb = new Phonemizer({ accent: "gb", dictionary: new Dictionary([GB], "gb"), frontEnd });

describe("Phonemizer", () => {
  it.each([
    ["Hello, hello!", "həlˈO, həlˈO!"],
    ["hello — hello", "həlˈO — həlˈO"],
    ["Hello... hello?!", "həlˈO… həlˈO?"],
    ["the apple, the time, a time, an apple", "ði ˈæpᵊl, ðə tˈIm, ɐ tˈIm, ɐn ˈæpᵊl"],
    ["to time, to apple, to", "tə tˈIm, tʊ ˈæpᵊl, tu"],
    ["I live by the live record", "ˌI lˈɪv bI ðə lˈIv ɹˈɛkəɹd"],
    ["I record", "ˌI ɹəkˈɔɹd"],
    ["used to, used time", "jˈust tu, jˈuzd tˈIm"],
    ["passed by.", "ʌ bˈI."],
    ["watches stopped waiting, wanted", "wˈɑʧᵻz stˈɑpt wˈAɾɪŋ, wˈɑntᵻd"],
    ["making carried books", "mˈAkɪŋ kˈɛɹid bˈʊks"],
    ["paris NASA", "pˈɛɹəs nˈæsə"],
    ["the US, the U.S. and APIs", "ðə jˌuˈɛs, ðə jˌuˈɛs ʌ ˌApˌiˈIz"],
    ["EdgePI", "ˈɛʤpˌiˈI"],
    ["Mr. Time.", "mˈɪstəɹ tˈIm."],
    ["It's $5.", "ʌ fˈIv dˈɑləɹz."],
    ["kokoro", "kəkˈɔɹO"],
    ["“Hello” (hello)", "“həlˈO” (həlˈO)"],
    ["constructor nothing", "ʌ ʌ"],
    ["...", "…"],
    ["", ""],
  ])("says %j as %j", (text, phonemes) => {
    // A word that is only known by rule is spoken as one stressed vowel here.
    expect(us.phonemize(text)).toBe(phonemes.replaceAll("ʌ", "ˈʌ").replaceAll("ˈˈ", "ˈ").replaceAll("ˌˈʌ", "ˌʌ"));
  });

  it("speaks British where asked to: a silent r comes back before a vowel", () => {
    expect(gb.phonemize("far waiting")).toBe("fˈɑː wˈAtɪŋ");
    expect(fromArpabet(["k", "aa", "r", "ow"], "gb")).toBe("kˈɑːɹQ");
    expect(fromArpabet(["k", "aa", "r"], "gb")).toBe("kˈɑː");
    expect(fromArpabet(["k", "aa", "r"], "us")).toBe("kˈɑɹ");
    expect(fromArpabet([], "us")).toBe("");
  });
});

it("makes something that can be spoken of any text, in time that grows with it", () => {
  const pieces = fc.array(
    fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 20 }),
      fc.constantFrom("the", "U.S.", "$5", "...", "?!", "--", " ", "'", "APIs", "__proto__", "\n", "你好", "a-b"),
    ),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(pieces, (parts) => {
      const phonemes = us.phonemize(parts.join(" "));
      expect(phonemes).toBe(phonemes.trim());
      expect(phonemes).not.toContain("  ");
      expect(phonemes).not.toContain("undefined");
    }),
    { numRuns: 1_000 },
  );
});

it("is not slowed down by marks without end", () => {
  for (const marks of ["!", "?!", "-", "(", "a.", "a(", "'", "—", "a' "]) {
    expect(us.phonemize(marks.repeat(2_000)).length).toBeLessThan(100_000);
  }
});

describe("tokenize", () => {
  it("keeps apart words, what is to be put into words, and marks", () => {
    const kinds = tokenize('He said: "well-known e-mail a@b.com, 3.14; ok?"').map(
      ({ kind, text }) => `${kind} ${text}`,
    );
    expect(kinds).toEqual([
      "word He",
      "word said",
      "mark :",
      'mark "',
      "word well",
      "word known",
      "word e",
      "word mail",
      "other a@b.com",
      "mark ,",
      "other 3.14",
      "mark ;",
      "word ok",
      "mark ?",
      'mark "',
    ]);
  });
});
