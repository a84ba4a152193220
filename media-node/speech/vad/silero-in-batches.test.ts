import { readFileSync } from "node:fs";
import * as ort from "onnxruntime-node";
import { beforeAll, describe, expect, it } from "vitest";
import { readWav } from "../../audio/wav.ts";
import { loadModel } from "../load-model.ts";
import { ModelWriter } from "../onnx/model-writer.ts";
import { VAD_SAMPLE_RATE, WINDOW_SAMPLES } from "./packet.ts";
import { inBatches } from "./silero-in-batches.ts";

const CONTEXT = 64;
const INPUT = CONTEXT + WINDOW_SAMPLES;
const MEMORY = 128;
const SECONDS = 60;
const WINDOWS = Math.floor((SECONDS * VAD_SAMPLE_RATE) / WINDOW_SAMPLES);

/** A minute: three readers one after the other, cards and a command, as often as it takes; silence and noise between them. */
function minute(): Float32Array {
  const samples = new Float32Array(WINDOWS * WINDOW_SAMPLES);
  const clips = ["librivox-0870", "cards-001", "librivox-0880", "goforward", "librivox-0890"].map((name) => {
    const url = new URL(`../../../test/fixtures/speech/${name}.wav`, import.meta.url);
    return Float32Array.from(readWav(readFileSync(url)).samples, (sample) => sample / 32_768);
  });
  for (let at = 0, n = 0; at < samples.length; n++) {
    const clip = clips[n % clips.length] ?? new Float32Array(1);
    samples.set(clip.subarray(0, samples.length - at), at);
    const pause = Math.min(at + clip.length + VAD_SAMPLE_RATE, samples.length);
    // Every other pause is noise of −34 dB.
    for (let i = at + clip.length; i < pause; i++) samples[i] = n % 2 === 0 ? 0.02 * Math.sin(i * i) : 0;
    at = pause;
  }
  return samples;
}

/** What a model says of `sessions` at once, which hear the same minute from different places on; a list for each session. */
async function listen(model: ort.InferenceSession, audio: Float32Array, sessions: number, windows: number) {
  const heard = Array.from({ length: sessions }, (): number[] => []);
  const first = (session: number) => Math.floor((session * WINDOWS) / sessions);
  let state = new Float32Array(2 * sessions * MEMORY);
  for (let window = 0; window < windows; window++) {
    const input = new Float32Array(sessions * INPUT);
    for (let session = 0; session < sessions; session++) {
      const at = ((first(session) + window) % WINDOWS) * WINDOW_SAMPLES;
      // A session's first window comes with no context.
      if (window > 0 && at > 0) input.set(audio.subarray(at - CONTEXT, at), session * INPUT);
      input.set(audio.subarray(at, at + WINDOW_SAMPLES), session * INPUT + CONTEXT);
    }
    const feeds: Record<string, ort.Tensor> = {
      input: new ort.Tensor("float32", input, [sessions, INPUT]),
      state: new ort.Tensor("float32", state, [2, sessions, MEMORY]),
    };
    if (model.inputNames.includes("sr")) {
      feeds["sr"] = new ort.Tensor("int64", BigInt64Array.of(BigInt(VAD_SAMPLE_RATE)), []);
    }
    const { output, stateN } = await model.run(feeds);
    if (!(output?.data instanceof Float32Array && stateN?.data instanceof Float32Array)) throw new Error("no floats");
    state = new Float32Array(stateN.data);
    for (const [session, probability] of output.data.entries()) heard[session]?.push(probability);
  }
  return heard;
}

describe("Silero in batches", () => {
  const options = { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 } as const;
  let file: Uint8Array;
  let published: ort.InferenceSession;
  let ours: ort.InferenceSession;
  // The first run on a machine downloads the model.
  beforeAll(async () => {
    const paths = await loadModel("silero-vad-v6", new AbortController().signal);
    file = readFileSync(paths["silero_vad.onnx"]);
    const rebuilt = inBatches(file);
    if (rebuilt === undefined) throw new Error("The model store's file is not the one that is known.");
    published = await ort.InferenceSession.create(file, options);
    ours = await ort.InferenceSession.create(rebuilt, options);
  }, 300_000);

  it("hears in a minute of speech, silence and noise what the published graph hears", async () => {
    const audio = minute();
    const [expected = []] = await listen(published, audio, 1, WINDOWS);
    const [heard = []] = await listen(ours, audio, 1, WINDOWS);
    expect(expected.filter((p) => p > 0.9).length).toBeGreaterThan(WINDOWS / 2);
    expect(expected.filter((p) => p < 0.1).length).toBeGreaterThan(WINDOWS / 10);
    expect(worst(expected, heard)).toBeLessThan(1e-4);
  }, 60_000);

  it.each([2, 7, 32, 128])(
    "tells %i sessions apart as the published graph does",
    async (sessions) => {
      const audio = minute();
      const expected = await listen(published, audio, sessions, 60);
      const heard = await listen(ours, audio, sessions, 60);
      expect(new Set(expected.map((all) => all.at(-1))).size).toBeGreaterThan(0.9 * sessions);
      expect(worst(expected.flat(), heard.flat())).toBeLessThan(1e-4);
    },
    60_000,
  );

  it("leaves another graph as it is", () => {
    const other = new ModelWriter();
    other.output("output", ["batch", 576], other.op("Relu", [other.input("input", ["batch", 576])]));
    expect(inBatches(other.finish())).toBeUndefined();
    // The same weights and operators, connected in another way.
    expect(inBatches(replaced(file, "sigmoid_2", "sigmoid_1"))).toBeUndefined();
  });
});

function worst(expected: readonly number[], heard: readonly number[]): number {
  expect(heard).toHaveLength(expected.length);
  return Math.max(...expected.map((probability, index) => Math.abs(probability - (heard[index] ?? Number.NaN))));
}

function replaced(file: Uint8Array, text: string, by: string): Uint8Array {
  const copy = Buffer.from(file);
  copy.write(by, copy.indexOf(text), "latin1");
  return copy;
}
