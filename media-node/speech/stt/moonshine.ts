/** Moonshine itself: 16 kHz samples in, words out. Blocks the thread it runs on; see {@link MoonshineStt}. */
import { readFile } from "node:fs/promises";
import * as ort from "onnxruntime-node";
import type { NativeGate } from "../native-gate.ts";
import { withIntegerProducts } from "../onnx/integer-products.ts";
import { type Detokenize, readTokenizer } from "./tokenizer.ts";

export const MOONSHINE_SAMPLE_RATE = 16_000;
const BEGIN_TOKEN = 1n;
const END_TOKEN = 2;
/** Nobody says more in a second; the model, on noise, sometimes would. */
const TOKENS_PER_SECOND = 6.5;
/** On top of it, so that a short clip is not cut: three words can be said in less than one second. */
const EXTRA_TOKENS = 8;

export interface MoonshineFiles {
  readonly encoder: string;
  readonly decoder: string;
  readonly tokenizer: string;
}

type Tensors = Record<string, ort.Tensor>;

const SESSION: ort.InferenceSession.SessionOptions = {
  // A second thread doubles the CPU for no gain; one thread per engine lets the machine's cores serve its sessions.
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: "sequential",
  logSeverityLevel: 3,
};

export class Moonshine {
  readonly #encoder: ort.InferenceSession;
  readonly #decoder: ort.InferenceSession;
  readonly #detokenize: Detokenize;
  readonly #gate: NativeGate;
  /** Names of the decoder's cache inputs, with the shape of one of no length. Read from the model: tiny and base differ. */
  readonly #cacheShapes: ReadonlyMap<string, readonly number[]>;

  private constructor(
    encoder: ort.InferenceSession,
    decoder: ort.InferenceSession,
    detokenize: Detokenize,
    gate: NativeGate,
  ) {
    this.#gate = gate;
    this.#encoder = encoder;
    this.#decoder = decoder;
    this.#detokenize = detokenize;
    this.#cacheShapes = new Map(
      decoder.inputMetadata
        .filter((input) => input.name.startsWith("past_key_values."))
        .map((input) => {
          const [, heads, , size] = input.isTensor ? input.shape : [];
          if (typeof heads !== "number" || typeof size !== "number") throw new Error("This is no Moonshine decoder.");
          return [input.name, [0, heads, 1, size]];
        }),
    );
  }

  /** @param gate all native code runs inside it. */
  static async load(files: MoonshineFiles, gate: NativeGate): Promise<Moonshine> {
    const detokenize = readTokenizer(await readFile(files.tokenizer, "utf8"));
    const encoder = await gate.run(() => ort.InferenceSession.create(files.encoder, SESSION));
    const decoderFile = withIntegerProducts(await readFile(files.decoder));
    const decoder = await gate.run(() => ort.InferenceSession.create(decoderFile, SESSION));
    return new Moonshine(encoder, decoder, detokenize, gate);
  }

  /** @param samples at most about 30 s; more is transcribed, but badly. Aborted, it stops after the current token. */
  async transcribe(samples: Float32Array, signal: AbortSignal): Promise<string> {
    const audio = { input_values: new ort.Tensor("float32", samples, [1, samples.length]) };
    const encoded = await this.#gate.run(() => this.#encoder.run(audio));
    const hidden = tensor(encoded, "last_hidden_state");
    let cache: Tensors = Object.fromEntries(
      [...this.#cacheShapes].map(([name, shape]) => [name, new ort.Tensor("float32", new Float32Array(0), shape)]),
    );
    const tokens: number[] = [];
    const limit = Math.ceil((samples.length / MOONSHINE_SAMPLE_RATE) * TOKENS_PER_SECOND) + EXTRA_TOKENS;
    let last = BEGIN_TOKEN;
    for (let step = 0; step < limit && !signal.aborted; step++) {
      const feeds = {
        ...cache,
        input_ids: new ort.Tensor("int64", BigInt64Array.of(last), [1, 1]),
        encoder_hidden_states: hidden,
        use_cache_branch: new ort.Tensor("bool", Uint8Array.of(step === 0 ? 0 : 1), [1]),
      };
      const output = await this.#gate.run(() => this.#decoder.run(feeds));
      const token = mostLikely(tensor(output, "logits"));
      if (token === END_TOKEN) break;
      tokens.push(token);
      last = BigInt(token);
      cache = nextCache(cache, output, step === 0);
    }
    return this.#detokenize(tokens);
  }
}

/** The encoder's half of the cache is made in the first step, and is empty in what later ones give. */
function nextCache(cache: Tensors, output: ort.InferenceSession.OnnxValueMapType, isFirst: boolean): Tensors {
  return Object.fromEntries(
    Object.entries(cache).map(([name, before]) => {
      const keep = !isFirst && name.includes(".encoder.");
      return [name, keep ? before : tensor(output, name.replace("past_key_values", "present"))];
    }),
  );
}

function mostLikely(logits: ort.Tensor): number {
  if (!(logits.data instanceof Float32Array)) throw new Error("This is no Moonshine decoder.");
  let best = 0;
  for (let i = 1; i < logits.data.length; i++) if ((logits.data[i] ?? 0) > (logits.data[best] ?? 0)) best = i;
  return best;
}

function tensor(values: ort.InferenceSession.OnnxValueMapType, name: string): ort.Tensor {
  const value = values[name];
  if (!(value instanceof ort.Tensor)) throw new Error(`The model's output has no ${name}.`);
  return value;
}
