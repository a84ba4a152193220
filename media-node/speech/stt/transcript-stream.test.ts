import { describe, expect, it, vi } from "vitest";
import { EdgeRtcError } from "../../../shared/errors.ts";
import type { AudioInput } from "../../audio/frame.ts";
import type { Transcript } from "./stt-model.ts";
import { type Transcribe, transcribeStream } from "./transcript-stream.ts";

const RATE = 16_000;

/** Half a second of noise each; `seconds` of it in all. */
async function* noise(seconds: number, sampleRate = RATE): AsyncGenerator<AudioInput> {
  for (let at = 0; at < seconds; at += 0.5) {
    // A moment for what is being transcribed meanwhile.
    await new Promise((resolve) => setImmediate(resolve));
    yield { sampleRate, samples: Int16Array.from({ length: sampleRate / 2 }, (_, i) => (i * 7_919) % 9_000) };
  }
}

/** Says how long what it was given is. */
const lengths: Transcribe = async ({ samples, sampleRate }) => `${(samples.length / sampleRate).toFixed(1)} s`;

async function collect(transcripts: AsyncIterable<Transcript>): Promise<string[]> {
  const all: string[] = [];
  for await (const { text, final } of transcripts) all.push(final ? `${text} final` : text);
  return all;
}

describe("transcribeStream", () => {
  it("tells words while they are said, ever less often, and at the end the final ones", async () => {
    const texts = await collect(transcribeStream(noise(6), lengths));
    expect(texts.slice(0, 4)).toEqual(["0.5 s", "1.0 s", "1.5 s", "2.0 s"]);
    expect(texts.at(-1)).toBe("6.0 s final");
    expect(texts.length).toBeLessThanOrEqual(9);
  });

  it("costs about four times a single transcription", async () => {
    let seconds = 0;
    const count: Transcribe = async ({ samples }) => {
      seconds += samples.length / RATE;
      return "words";
    };
    await collect(transcribeStream(noise(10), count));
    expect(seconds).toBeLessThan(60);
  });

  it("makes the beginning of long speech final, and keeps no more than a piece", async () => {
    const longest = vi.fn<Transcribe>(lengths);
    const texts = await collect(transcribeStream(noise(25), longest));
    const finals = texts.filter((text) => text.endsWith("final")).map((text) => Number.parseFloat(text));
    expect(finals.length).toBeGreaterThanOrEqual(3);
    expect(finals.reduce((sum, length) => sum + length, 0)).toBeCloseTo(25, 0);
    for (const [{ samples }] of longest.mock.calls) expect(samples.length).toBeLessThanOrEqual(11 * RATE);
  });

  it("looks again later where the engine has no time to spare", async () => {
    const busy: Transcribe = async (audio, spare, signal) => {
      if (spare) throw new EdgeRtcError("stt_overloaded");
      return await lengths(audio, spare, signal);
    };
    expect(await collect(transcribeStream(noise(2), busy))).toEqual(["2.0 s final"]);
  });

  it("does not tell the same words twice", async () => {
    expect(await collect(transcribeStream(noise(3), async () => "same"))).toEqual(["same", "same final"]);
  });

  it("takes other rates, and refuses one that changes", async () => {
    expect((await collect(transcribeStream(noise(1, 48_000), lengths))).at(-1)).toBe("1.0 s final");
    async function* changing() {
      yield* noise(0.5, 48_000);
      yield* noise(0.5, 8_000);
    }
    await expect(collect(transcribeStream(changing(), lengths))).rejects.toMatchObject({ code: "invalid_audio" });
  });

  it("passes on that the engine failed, or the audio", async () => {
    const broken: Transcribe = () => Promise.reject(new EdgeRtcError("speech_stopped"));
    await expect(collect(transcribeStream(noise(1), broken))).rejects.toMatchObject({ code: "speech_stopped" });
    // biome-ignore lint/correctness/useYield: it fails before it has anything to give.
    async function* gone(): AsyncGenerator<AudioInput> {
      throw new Error("gone");
    }
    await expect(collect(transcribeStream(gone(), lengths))).rejects.toThrow("gone");
  });

  it("ends at once when it is not wanted any more, though no audio comes", async () => {
    const returned = vi.fn();
    const silent: AsyncIterable<AudioInput> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => undefined),
        return: async () => {
          returned();
          return { done: true, value: undefined };
        },
      }),
    };
    const transcripts = transcribeStream(silent, lengths);
    const waiting = transcripts.next();
    await transcripts.return?.();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(returned).toHaveBeenCalledTimes(1);
    const stop = new AbortController();
    const aborted = expect(transcribeStream(silent, lengths, stop.signal).next()).rejects.toThrow("enough");
    stop.abort(new Error("enough"));
    await aborted;
  });
});
