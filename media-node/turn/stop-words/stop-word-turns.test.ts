import { expect, it } from "vitest";
import { VirtualClock } from "../../time/virtual-clock.ts";
import { DEFAULT_SPEECH } from "../speech-detector.ts";
import { StopWordTurns } from "./stop-word-turns.ts";
import { StopWords } from "./stop-words.ts";

const SPEECH = 0.9;

it("waits for speech alone while it searches for the word, also where a turn was taken in the middle of a sentence", async () => {
  let heard: (probability: number) => void = () => undefined;
  let said = "";
  const expected: unknown[] = [];
  const turns = new StopWordTurns({
    speech: DEFAULT_SPEECH,
    sampleRate: 16_000,
    holdsReply: () => false,
    words: new StopWords(["computer"]),
    stt: { stt: async () => said },
    onStopWord: () => undefined,
    clock: new VirtualClock(),
    onEvent: () => undefined,
    onError: (error) => {
      throw error;
    },
    openVad: (onProbability) => {
      heard = onProbability;
      return { push: () => undefined, close: () => undefined, awaits: (what) => expected.push(what) };
    },
  });
  heard(SPEECH);
  expect(expected).toEqual(["speech"]);
  said = "Computer";
  for (let n = 0; n < 200 && expected.at(-1) === "speech"; n++) {
    heard(n % 30 < 20 ? SPEECH : 0);
    await new Promise(setImmediate);
  }
  for (let n = 0; n < 20; n++) heard(SPEECH);
  // A turn: nothing can be decided before so much silence.
  expect(expected.at(-1)).toBe(DEFAULT_SPEECH.silenceMs);
  turns.take(false);
  heard(SPEECH);
  expect(expected.at(-1)).toBe("speech");
  turns.close();
});
