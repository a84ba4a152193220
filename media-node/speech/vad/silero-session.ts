/** Silero in ONNX Runtime, for any number of sessions' windows at once. What goes in and comes out has its place here and stays there. */
import * as ort from "onnxruntime-node";
import type { NativeGate } from "../native-gate.ts";
import { INPUT_SAMPLES } from "./packet.ts";
import { MAX_PLACES, MAX_WINDOWS, type RunPlan } from "./run-plan.ts";
import { inBatches } from "./silero-in-batches.ts";

/** Floats that Silero remembers of a session. */
export const STATE_SIZE = 256;

export class SileroSession {
  /** {@link INPUT_SAMPLES} of each window of a run. */
  readonly windows = new Int16Array(MAX_WINDOWS * INPUT_SAMPLES);
  /** {@link STATE_SIZE} of each session in a run, before it and after it. */
  readonly state = new Float32Array(MAX_WINDOWS * STATE_SIZE);
  readonly stateN = new Float32Array(MAX_WINDOWS * STATE_SIZE);
  /** For each place in a plan's order, the probability of speech. */
  readonly output = new Float32Array(MAX_PLACES);
  readonly #order = new Int32Array(MAX_PLACES);
  readonly #lengths = new Int32Array(MAX_WINDOWS);
  readonly #tensors = {
    windows: tensorsOf("int16", this.windows, (windows) => [windows, INPUT_SAMPLES]),
    state: tensorsOf("float32", this.state, (sessions) => [sessions, STATE_SIZE]),
    stateN: tensorsOf("float32", this.stateN, (sessions) => [sessions, STATE_SIZE]),
    lengths: tensorsOf("int32", this.#lengths, (sessions) => [sessions]),
    output: tensorsOf("float32", this.output, (places) => [places, 1]),
    /** By steps, for each number of sessions. */
    order: [] as ((sessions: number) => ort.Tensor)[],
  };
  readonly #session: ort.InferenceSession;
  readonly #gate: NativeGate;

  private constructor(session: ort.InferenceSession, gate: NativeGate) {
    this.#session = session;
    this.#gate = gate;
  }

  /** @param file Silero, as published. @throws Error where it is another version than the one that is known. */
  static async load(file: Uint8Array, gate: NativeGate): Promise<SileroSession> {
    const session = await gate.run(() =>
      ort.InferenceSession.create(inBatches(file), {
        intraOpNumThreads: 1,
        interOpNumThreads: 1,
        executionMode: "sequential",
        logSeverityLevel: 3,
      }),
    );
    return new SileroSession(session, gate);
  }

  /** From `windows` and `state` to `output` and `stateN`. */
  async run(plan: RunPlan): Promise<void> {
    plan.write(this.#order, this.#lengths);
    const { windows, sessions, steps } = plan;
    const tensors = this.#tensors;
    tensors.order[steps] ??= tensorsOf("int32", this.#order, (count) => [steps, count]);
    const feeds = {
      windows: tensors.windows(windows),
      order: tensors.order[steps](sessions),
      lengths: tensors.lengths(sessions),
      state: tensors.state(sessions),
    };
    const fetches = { output: tensors.output(steps * sessions), stateN: tensors.stateN(sessions) };
    await this.#gate.run(() => this.#session.run(feeds, fetches));
  }
}

/** The beginning of some memory as a tensor, for each size that it was asked for. Made once: with a check of each part, a tensor costs as much as a window. */
function tensorsOf(
  type: "int16" | "int32" | "float32",
  memory: Int16Array | Int32Array | Float32Array,
  shapeOf: (size: number) => readonly number[],
): (size: number) => ort.Tensor {
  const tensors: ort.Tensor[] = [];
  return (size) => {
    const shape = shapeOf(size);
    const length = shape.reduce((product, part) => product * part, 1);
    tensors[size] ??= new ort.Tensor(type, memory.subarray(0, length), shape);
    return tensors[size];
  };
}
