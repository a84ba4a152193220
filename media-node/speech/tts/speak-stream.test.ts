import { describe, expect, it, vi } from "vitest";
import { speakStream } from "./speak-stream.ts";

const frameOf = (text: string) => ({ sampleRate: 16_000, samples: new Int16Array(text.length) });
const echo = (sentence: string) => Promise.resolve(frameOf(sentence));

async function* pieces(...texts: string[]) {
  yield* texts;
}

async function collect(frames: AsyncIterable<{ text: string }>): Promise<string[]> {
  const texts: string[] = [];
  for await (const { text } of frames) texts.push(text);
  return texts;
}

describe("speakStream", () => {
  it("speaks a string, and the same in pieces, sentence by sentence", async () => {
    const sentences = ["One.", "Two?", "Three"];
    expect(await collect(speakStream("One. Two? Three", echo))).toEqual(sentences);
    expect(await collect(speakStream(pieces("On", "e. Tw", "o? Thr", "ee"), echo))).toEqual(sentences);
  });

  it("says nothing where there is nothing to say", async () => {
    const synthesize = vi.fn(echo);
    expect(await collect(speakStream("", synthesize))).toEqual([]);
    expect(await collect(speakStream(pieces(" ", "... ", "🙂"), synthesize))).toEqual([]);
    expect(synthesize).not.toHaveBeenCalled();
  });

  it("does not speak what is written for the eye, but tells it", async () => {
    const spoken: string[] = [];
    const texts = await collect(
      speakStream("**Really** `good` 🙂. See [the page](https://example.com/x).", (sentence) => {
        spoken.push(sentence);
        return echo(sentence);
      }),
    );
    expect(spoken).toEqual(["Really good .", "See the page."]);
    expect(texts).toEqual(["**Really** `good` 🙂.", "See [the page](https://example.com/x)."]);
  });

  it("gives the first sentence while the text is still being written", async () => {
    const { promise: rest, resolve: write } = Promise.withResolvers<string>();
    async function* slow() {
      yield "Hello there. ";
      yield "And";
      yield await rest;
    }
    const frames = speakStream(slow(), echo);
    expect((await frames.next()).value?.text).toBe("Hello there.");
    write(" more.");
    expect((await frames.next()).value?.text).toBe("And more.");
    expect(await frames.next()).toEqual({ done: true, value: undefined });
  });

  it("lets the first sentences of others go before its later ones", async () => {
    const slacks: number[] = [];
    const frames = speakStream("One. Two. Three.", (sentence, _signal, slackMs) => {
      slacks.push(slackMs);
      return echo(sentence);
    });
    await collect(frames);
    expect(slacks).toEqual([0, 1_000, 1_000]);
  });

  it("synthesises the next sentence while one plays, and not the whole book", async () => {
    const synthesize = vi.fn(echo);
    const frames = speakStream("One. Two. Three. Four. Five. Six.", synthesize);
    await frames.next();
    await new Promise((resolve) => setImmediate(resolve));
    expect(synthesize).toHaveBeenCalledTimes(3);
    await frames.return();
    expect(synthesize).toHaveBeenCalledTimes(3);
  });

  it("ends the text when the listener stops early, and cancels what was on its way", async () => {
    const ended = vi.fn();
    async function* book() {
      try {
        for (let i = 0; ; i++) yield `Sentence ${i}. `;
      } finally {
        ended();
      }
    }
    const signals: AbortSignal[] = [];
    for await (const { text } of speakStream(book(), (sentence, signal) => {
      signals.push(signal);
      return echo(sentence);
    })) {
      if (text === "Sentence 2.") break;
    }
    await vi.waitFor(() => expect(ended).toHaveBeenCalledTimes(1));
    expect(signals.every((signal) => signal.aborted)).toBe(true);
  });

  it("stops at the signal, even where the text never goes on", async () => {
    const stop = new AbortController();
    const returned = vi.fn(() => Promise.resolve({ done: true as const, value: undefined }));
    const silent: AsyncIterable<string> = {
      [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined), return: returned }),
    };
    const first = speakStream(silent, echo, stop.signal).next();
    stop.abort(new Error("interrupted"));
    await expect(first).rejects.toThrow("interrupted");
    expect(returned).toHaveBeenCalledTimes(1);
    await expect(speakStream("Too late.", echo, stop.signal).next()).rejects.toThrow("interrupted");
  });

  it("speaks what came before the text failed, then fails", async () => {
    async function* broken() {
      yield "First. Sec";
      throw new Error("model gone");
    }
    const frames = speakStream(broken(), echo);
    expect((await frames.next()).value?.text).toBe("First.");
    await expect(frames.next()).rejects.toThrow("model gone");
  });

  it("fails with the sentence that cannot be synthesised, after the ones before it", async () => {
    const frames = speakStream("One. Two. Three.", (sentence) =>
      sentence === "Two." ? Promise.reject(new Error("overloaded")) : echo(sentence),
    );
    expect((await frames.next()).value?.text).toBe("One.");
    await expect(frames.next()).rejects.toThrow("overloaded");
    expect((await frames.next()).done).toBe(true);
  });
});
