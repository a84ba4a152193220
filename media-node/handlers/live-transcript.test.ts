import { describe, expect, it, vi } from "vitest";
import type { AudioFrame } from "../audio/frame.ts";
import type { StreamingSTTModel, Transcript } from "../speech/index.ts";
import { AdditionalOutputs } from "./emission.ts";
import { LiveTranscript } from "./live-transcript.ts";
import type { ReplyFunction } from "./reply-function.ts";
import { ReplyOnPause } from "./reply-on-pause.ts";
import { blankContext } from "./testing/blank-context.ts";

const frame = (value: number): AudioFrame => ({ sampleRate: 16_000, samples: new Int16Array(320).fill(value) });

/** Tells how many frames it has heard; those of −1 are final, and start the count anew. */
const counting: StreamingSTTModel = {
  stt: async () => "",
  async *stream(audio) {
    let count = 0;
    for await (const { samples } of audio) {
      count += 1;
      const final = samples[0] === -1;
      yield { text: `${count} frames`, final };
      if (final) count = 0;
    }
  },
};

function open(stt: StreamingSTTModel = counting) {
  const texts: string[] = [];
  const errors: unknown[] = [];
  const live = new LiveTranscript({ stt, onText: (text) => texts.push(text), onError: (error) => errors.push(error) });
  return { live, texts, errors };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("LiveTranscript", () => {
  it("tells what is said while it is said, from a moment before the turn on", async () => {
    const { live, texts } = open();
    for (let i = 0; i < 100; i++) live.hear(frame(i));
    live.speaking(true);
    live.hear(frame(1));
    await settled();
    expect(texts.at(-1)).toBe("41 frames");
    live.speaking(false);
    live.hear(frame(1));
    await settled();
    expect(texts).toHaveLength(41);
  });

  it("begins anew with each turn, and goes on with one that was not answered", async () => {
    const { live, texts } = open();
    live.speaking(true);
    live.hear(frame(-1));
    live.hear(frame(1));
    await settled();
    expect(texts).toEqual(["1 frames", "1 frames 1 frames"]);
    live.speaking(false);
    live.speaking(true, true);
    live.hear(frame(1));
    await settled();
    expect(texts.at(-1)).toBe("1 frames 1 frames 1 frames");
    live.speaking(false);
    live.speaking(true);
    live.hear(frame(1));
    await settled();
    expect(texts.at(-1)).toBe("1 frames");
    live.close();
  });

  it("says once that the model fails, and leaves the turn alone", async () => {
    const broken: StreamingSTTModel = {
      stt: async () => "",
      // biome-ignore lint/correctness/useYield: it fails before it has anything to give.
      async *stream(): AsyncGenerator<Transcript> {
        throw new Error("broken");
      },
    };
    const { live, texts, errors } = open(broken);
    for (let i = 0; i < 3; i++) {
      live.speaking(true);
      live.hear(frame(1));
      await settled();
      live.speaking(false);
    }
    expect(errors).toHaveLength(1);
    expect(texts).toEqual([]);
  });

  it("has the model stop when the turn is over", async () => {
    const aborted = vi.fn();
    const waiting: StreamingSTTModel = {
      stt: async () => "",
      async *stream(_audio, { signal } = {}) {
        await new Promise<void>((resolve) => {
          signal?.addEventListener("abort", () => {
            aborted();
            resolve();
          });
        });
        yield { text: "too late", final: true };
      },
    };
    const { live, texts } = open(waiting);
    live.speaking(true);
    await settled();
    live.speaking(false);
    await settled();
    expect(aborted).toHaveBeenCalledTimes(1);
    expect(texts).toEqual([]);
  });
});

describe("ReplyOnPause with a live transcript", () => {
  function rig() {
    const lines: string[] = [];
    let window: (probability: number) => void = () => undefined;
    const context = blankContext({
      extend: (message) => {
        if (message.type !== "transcript") return;
        const { id, text, final } = message.data;
        lines.push(`${id} ${text}${final ? "." : ""}`);
      },
      openVad: (onProbability) => {
        window = onProbability;
        return { push: () => undefined, reset: () => undefined, close: () => undefined };
      },
    });
    const answer: ReplyFunction = async function* ({ history }) {
      history.user("all of it");
      yield new AdditionalOutputs();
    };
    const handler = new ReplyOnPause(answer, { liveTranscript: counting, inputSampleRate: 16_000 });
    handler.attach(context);
    handler.startUp();
    const hear = async (probability: number, windows: number) => {
      for (let i = 0; i < windows; i++) {
        await handler.receive({ sampleRate: 16_000, samples: new Int16Array(512).fill(1_000) });
        window(probability);
      }
      await settled();
    };
    return { handler, lines, hear };
  }

  it("shows a line that grows, and that the handler's own words replace", async () => {
    const { handler, lines, hear } = rig();
    await hear(0.9, 10);
    expect(lines.length).toBeGreaterThan(3);
    expect(lines.every((line) => /^1 \d+ frames$/.test(line))).toBe(true);
    await hear(0, 30);
    await handler.emit();
    expect(lines.at(-1)).toBe("1 all of it.");
    handler.shutdown();
  });

  it("takes the line back where it was no turn", async () => {
    const { handler, lines, hear } = rig();
    await hear(0.9, 4);
    await hear(0, 30);
    expect(lines.at(-1)).toBe("1 .");
    handler.shutdown();
  });

  it("is refused with a model that does not stream", () => {
    const answerNothing: ReplyFunction = () => undefined;
    const stt = { stt: async () => "" };
    expect(() => new ReplyOnPause(answerNothing, { liveTranscript: stt })).toThrow("streams");
  });
});
