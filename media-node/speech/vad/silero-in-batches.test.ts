import { readFileSync } from "node:fs";
import * as ort from "onnxruntime-node";
import { beforeAll, describe, expect, it } from "vitest";
import { readWav } from "../../audio/wav.ts";
import { loadModel } from "../load-model.ts";
import { ModelWriter } from "../onnx/model-writer.ts";
import { CONTEXT_SAMPLES, INPUT_SAMPLES, VAD_SAMPLE_RATE, WINDOW_SAMPLES } from "./packet.ts";
import { inBatches } from "./silero-in-batches.ts";

const MEMORY = 128;
const SECONDS = 60;
const WINDOWS = Math.floor((SECONDS * VAD_SAMPLE_RATE) / WINDOW_SAMPLES);

/** A minute: three readers one after the other, cards and a command, as often as it takes; silence and noise between them. */
function minute(): Int16Array {
  const samples = new Int16Array(WINDOWS * WINDOW_SAMPLES);
  const clips = ["librivox-0870", "cards-001", "librivox-0880", "goforward", "librivox-0890"].map((name) => {
    const url = new URL(`../../../test/fixtures/speech/${name}.wav`, import.meta.url);
    return readWav(readFileSync(url)).samples;
  });
  for (let at = 0, n = 0; at < samples.length; n++) {
    const clip = clips[n % clips.length] ?? new Int16Array(1);
    samples.set(clip.subarray(0, samples.length - at), at);
    const pause = Math.min(at + clip.length + VAD_SAMPLE_RATE, samples.length);
    // Every other pause is noise of −34 dB.
    for (let i = at + clip.length; i < pause; i++) samples[i] = n % 2 === 0 ? 650 * Math.sin(i * i) : 0;
    at = pause;
  }
  return samples;
}

/** Sessions that hear the same minute from different places on. @returns the context and the samples of a session's window. */
function heardBy(audio: Int16Array, sessions: number) {
  return (session: number, window: number): Int16Array => {
    const first = Math.floor((session * WINDOWS) / sessions);
    const at = ((first + window) % WINDOWS) * WINDOW_SAMPLES;
    const input = new Int16Array(INPUT_SAMPLES);
    // A session's first window comes with no context.
    if (window > 0 && at > 0) input.set(audio.subarray(at - CONTEXT_SAMPLES, at));
    input.set(audio.subarray(at, at + WINDOW_SAMPLES), CONTEXT_SAMPLES);
    return input;
  };
}

type Input = ReturnType<typeof heardBy>;

/** What the published graph says of each session's windows: one of each at a time. */
async function published(model: ort.InferenceSession, input: Input, sessions: number, windows: number) {
  const heard = Array.from({ length: sessions }, (): number[] => []);
  const sr = new ort.Tensor("int64", BigInt64Array.of(BigInt(VAD_SAMPLE_RATE)), []);
  let state = new Float32Array(2 * sessions * MEMORY);
  for (let window = 0; window < windows; window++) {
    const inputs = new Float32Array(sessions * INPUT_SAMPLES);
    for (let session = 0; session < sessions; session++) {
      const scaled = Float32Array.from(input(session, window), (sample) => sample / 32_768);
      inputs.set(scaled, session * INPUT_SAMPLES);
    }
    const { output, stateN } = await model.run({
      input: new ort.Tensor("float32", inputs, [sessions, INPUT_SAMPLES]),
      state: new ort.Tensor("float32", state, [2, sessions, MEMORY]),
      sr,
    });
    state = new Float32Array(floats(stateN));
    for (const [session, probability] of floats(output).entries()) heard[session]?.push(probability);
  }
  return heard;
}

/** What ours says of them: one, two or three of each at a time, another number with each run. */
async function ours(model: ort.InferenceSession, input: Input, sessions: number, windows: number) {
  const heard = Array.from({ length: sessions }, (): number[] => []);
  let state = new Float32Array(2 * sessions * MEMORY);
  for (let run = 0; heard.some(({ length }) => length < windows); run++) {
    const lengths = heard.map(({ length }, session) => Math.min(windows - length, 1 + ((session + run) % 3)));
    const steps = Math.max(...lengths);
    const inputs: Int16Array[] = [];
    const order = new Int32Array(steps * sessions);
    for (const [session, length] of lengths.entries()) {
      for (let step = 0; step < length; step++) {
        order[step * sessions + session] = inputs.length;
        inputs.push(input(session, (heard[session]?.length ?? 0) + step));
      }
    }
    const { output, stateN } = await model.run({
      windows: new ort.Tensor("int16", Int16Array.from(inputs.flatMap((all) => [...all])), [
        inputs.length,
        INPUT_SAMPLES,
      ]),
      order: new ort.Tensor("int32", order, [steps, sessions]),
      lengths: new ort.Tensor("int32", Int32Array.from(lengths), [sessions]),
      state: new ort.Tensor("float32", state, [sessions, 2 * MEMORY]),
    });
    state = new Float32Array(floats(stateN));
    for (const [session, length] of lengths.entries()) {
      for (let step = 0; step < length; step++) heard[session]?.push(floats(output)[step * sessions + session] ?? 0);
    }
  }
  return heard;
}

function floats(tensor: ort.Tensor | undefined): Float32Array {
  if (!(tensor?.data instanceof Float32Array)) throw new Error("no floats");
  return tensor.data;
}

describe("Silero in batches", () => {
  const options = { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 } as const;
  let file: Uint8Array;
  let asPublished: ort.InferenceSession;
  let rebuilt: ort.InferenceSession;
  // The first run on a machine downloads the model.
  beforeAll(async () => {
    const paths = await loadModel("silero-vad-v6", new AbortController().signal);
    file = readFileSync(paths["silero_vad.onnx"]);
    asPublished = await ort.InferenceSession.create(file, options);
    rebuilt = await ort.InferenceSession.create(inBatches(file), options);
  }, 300_000);

  it("hears in a minute of speech, silence and noise what the published graph hears", async () => {
    const input = heardBy(minute(), 1);
    const [expected = []] = await published(asPublished, input, 1, WINDOWS);
    const [heard = []] = await ours(rebuilt, input, 1, WINDOWS);
    expect(expected.filter((p) => p > 0.9).length).toBeGreaterThan(WINDOWS / 2);
    expect(expected.filter((p) => p < 0.1).length).toBeGreaterThan(WINDOWS / 10);
    expect(worst(expected, heard)).toBeLessThan(1e-4);
  }, 60_000);

  it.each([2, 7, 32, 128])(
    "tells %i sessions apart as the published graph does, however many windows of each there are in a run",
    async (sessions) => {
      const input = heardBy(minute(), sessions);
      const expected = await published(asPublished, input, sessions, 60);
      const heard = await ours(rebuilt, input, sessions, 60);
      expect(new Set(expected.map((all) => all.at(-1))).size).toBeGreaterThan(0.9 * sessions);
      expect(worst(expected.flat(), heard.flat())).toBeLessThan(1e-4);
    },
    60_000,
  );

  it("refuses another graph than the one that is known", () => {
    const other = new ModelWriter();
    other.output("output", ["batch", 576], other.op("Relu", [other.input("input", ["batch", 576])]));
    expect(() => inBatches(other.finish())).toThrow(/another one than is known/);
    // The same weights and operators, connected in another way.
    expect(() => inBatches(replaced(file, "sigmoid_2", "sigmoid_1"))).toThrow(/another one/);
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
