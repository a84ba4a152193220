/** Silero in ONNX Runtime, for any number of sessions' windows at once. What goes in and comes out has its place here and stays there. */
import * as ort from "onnxruntime-node";
import type { NativeGate } from "../native-gate.ts";
import { VAD_SAMPLE_RATE, WINDOW_SAMPLES } from "./packet.ts";
import { inBatches } from "./silero-in-batches.ts";

/** Windows of one run; larger batches are not cheaper per window. */
export const MAX_BATCH = 128;
/** Silero sees the end of the window before, too. */
export const CONTEXT_SAMPLES = 64;
export const INPUT_SAMPLES = CONTEXT_SAMPLES + WINDOW_SAMPLES;
/** Floats of one session in each of the state's two layers. */
export const STATE_SIZE = 128;

/** The tensors of one size of batch. Made once: with a check of each part, they cost as much as a few windows. */
interface Sides {
  readonly feeds: Readonly<Record<string, ort.Tensor>>;
  readonly fetches: Readonly<Record<string, ort.Tensor>>;
}

export class SileroSession {
  /** A row of {@link INPUT_SAMPLES} for each window: the context, the window; −1 to 1. */
  readonly input = new Float32Array(MAX_BATCH * INPUT_SAMPLES);
  /** A row for each window in the first layer, then in the second: where the second begins depends on the batch. */
  readonly state = new Float32Array(2 * MAX_BATCH * STATE_SIZE);
  /** The probability of speech in each window. */
  readonly output = new Float32Array(MAX_BATCH);
  /** As `state`, after the window. */
  readonly stateN = new Float32Array(2 * MAX_BATCH * STATE_SIZE);
  readonly #session: ort.InferenceSession;
  readonly #gate: NativeGate;
  readonly #sides: Sides[] = [];

  private constructor(session: ort.InferenceSession, gate: NativeGate) {
    this.#session = session;
    this.#gate = gate;
  }

  /** @param file Silero, as published. Another version than the one that is known runs as it is, at its own speed. */
  static async load(file: Uint8Array, gate: NativeGate): Promise<SileroSession> {
    const model = inBatches(file) ?? file;
    const session = await gate.run(() =>
      ort.InferenceSession.create(model, {
        intraOpNumThreads: 1,
        interOpNumThreads: 1,
        executionMode: "sequential",
        logSeverityLevel: 3,
      }),
    );
    return new SileroSession(session, gate);
  }

  /** From `input` and `state` to `output` and `stateN`. @param batch rows that count, 1 to {@link MAX_BATCH}. */
  async run(batch: number): Promise<void> {
    this.#sides[batch] ??= this.#sidesOf(batch);
    const { feeds, fetches } = this.#sides[batch];
    await this.#gate.run(() => this.#session.run(feeds, fetches));
  }

  #sidesOf(batch: number): Sides {
    const stateShape = [2, batch, STATE_SIZE] as const;
    const floats = (values: Float32Array, shape: readonly number[]) =>
      new ort.Tensor("float32", values.subarray(0, sizeOf(shape)), shape);
    const feeds = { input: floats(this.input, [batch, INPUT_SAMPLES]), state: floats(this.state, stateShape) };
    const fetches = { output: floats(this.output, [batch, 1]), stateN: floats(this.stateN, stateShape) };
    // The published graph asks for it.
    if (!this.#session.inputNames.includes("sr")) return { feeds, fetches };
    const sr = new ort.Tensor("int64", BigInt64Array.of(BigInt(VAD_SAMPLE_RATE)), []);
    return { feeds: { ...feeds, sr }, fetches };
  }
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
