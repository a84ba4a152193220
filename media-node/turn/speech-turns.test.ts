import { describe, expect, it } from "vitest";
import { VirtualClock } from "../time/virtual-clock.ts";
import { DEFAULT_END_OF_TURN } from "./end-of-turn.ts";
import { DEFAULT_SPEECH } from "./speech-detector.ts";
import { SpeechTurns } from "./speech-turns.ts";
import type { TurnHost } from "./turn-finder.ts";

const SPEECH = 0.9;
const SILENCE = 0.1;
const SAMPLE_RATE = 16_000;

/** Says after each window what is waited for next. */
function listen(options: Partial<TurnHost> = {}) {
  const events: string[] = [];
  let heard: (probability: number) => void = () => undefined;
  let awaited: "speech" | number | undefined;
  const turns = new SpeechTurns({
    speech: DEFAULT_SPEECH,
    sampleRate: SAMPLE_RATE,
    thinkAheadMs: 320,
    holdsReply: () => false,
    clock: new VirtualClock(),
    onEvent: ({ type }) => events.push(type),
    onError: (error) => {
      throw error;
    },
    openVad: (onProbability) => {
      heard = onProbability;
      return {
        push: () => undefined,
        close: () => undefined,
        awaits: (what) => {
          awaited = what;
        },
      };
    },
    ...options,
  });
  /** @returns what is waited for after the last of so many milliseconds. */
  const hear = (probability: number, ms: number) => {
    for (let at = 0; at < ms; at += 32) heard(probability);
    return awaited;
  };
  return { turns, events, hear };
}

describe("what SpeechTurns wait for", () => {
  it("is speech, then the first pause in which a reply can be thought of, then the end of the turn", () => {
    let awaitsReply = true;
    const { hear, events } = listen({ awaitsReply: () => awaitsReply });
    expect(hear(SILENCE, 32)).toBe("speech");
    expect(hear(SPEECH, 64)).toBe(320);
    expect(hear(SPEECH, 640)).toBe(320);
    expect(hear(SILENCE, 32)).toBe(288);
    expect(hear(SILENCE, 256)).toBe(32);
    expect(hear(SILENCE, 32)).toBe(608 - 320);
    expect(events.at(-1)).toBe("speech_paused");
    // The reply may be ready then, or not.
    expect(hear(SILENCE, 608 - 352)).toBe(32);
    expect(hear(SILENCE, 32)).toBe(800 - 608);
    expect(hear(SILENCE, 800 - 608)).toBe("speech");
    expect(events.at(-1)).toBe("speech_ended");

    awaitsReply = false;
    hear(SPEECH, 640);
    expect(hear(SILENCE, 608 - 32)).toBe(32);
    expect(hear(SILENCE, 32)).toBe("speech");
    expect(events.at(-1)).toBe("speech_ended");
  });

  it("is each window while it is open whether a reply that is held will be cut off", () => {
    const { hear, events } = listen({ holdsReply: () => true });
    expect(hear(SPEECH, 64)).toBe(0);
    expect(hear(SPEECH, 256 - 96)).toBe(0);
    expect(events.at(-1)).toBe("speech_started");
    expect(hear(SPEECH, 32)).toBe(320);
    expect(events.at(-1)).toBe("speech_confirmed");
  });

  it("is a model's question, then its answer", async () => {
    const verdict = Promise.withResolvers<number>();
    const model = { judge: () => verdict.promise };
    const { hear } = listen({ thinkAheadMs: undefined, endOfTurn: { model, options: DEFAULT_END_OF_TURN } });
    expect(hear(SPEECH, 640)).toBe(192);
    expect(hear(SILENCE, 192)).toBe(448 - 192);
    // A yes from here on would end it with the next window.
    expect(hear(SILENCE, 448 - 192)).toBeLessThanOrEqual(32);
    verdict.resolve(0.1);
    await new Promise(setImmediate);
    expect(hear(SILENCE, 32)).toBe(1_024 - 480);
  });

  it("is speech again where they are told to start afresh", () => {
    const { hear, turns } = listen();
    hear(SPEECH, 640);
    turns.restart();
    expect(hear(SILENCE, 0)).toBe("speech");
  });
});
