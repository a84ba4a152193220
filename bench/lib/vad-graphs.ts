/** The VAD model as published against the same in large products: alternately in one process, since the machine's speed wanders. */
import { readFileSync } from "node:fs";
import * as ort from "onnxruntime-node";
import { loadModel } from "../../media-node/speech/load-model.ts";
import { INPUT_SAMPLES } from "../../media-node/speech/vad/packet.ts";
import { inBatches } from "../../media-node/speech/vad/silero-in-batches.ts";
import { STATE_SIZE } from "../../media-node/speech/vad/silero-session.ts";
import { percentile } from "./percentiles.ts";

const ROUNDS = 31;
/** Windows that each model hears in a round. */
const ROUND_WINDOWS = 1_024;

export interface GraphCost {
  readonly batch: number;
  /** Of one window in a run, medians, in µs. */
  readonly publishedUs: number;
  readonly oursUs: number;
}

export async function compareGraphs(batches: readonly number[]): Promise<GraphCost[]> {
  const paths = await loadModel("silero-vad-v6", new AbortController().signal);
  const file = readFileSync(paths["silero_vad.onnx"]);
  const published = await load(file);
  const ours = await load(inBatches(file));
  const costs: GraphCost[] = [];
  for (const batch of batches) {
    const [publishedUs, oursUs]: [number[], number[]] = [[], []];
    // The first round warms both up.
    for (let round = 0; round <= ROUNDS; round++) {
      const [a, b] = [await windowUs(published, batch), await windowUs(ours, batch)];
      if (round === 0) continue;
      publishedUs.push(a);
      oursUs.push(b);
    }
    costs.push({ batch, publishedUs: median(publishedUs), oursUs: median(oursUs) });
  }
  return costs;
}

function load(model: Uint8Array): Promise<ort.InferenceSession> {
  return ort.InferenceSession.create(model, { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 });
}

async function windowUs(session: ort.InferenceSession, batch: number): Promise<number> {
  const feeds = session.inputNames.includes("sr") ? publishedFeeds(batch) : ourFeeds(batch);
  const runs = Math.ceil(ROUND_WINDOWS / batch);
  const start = performance.now();
  for (let run = 0; run < runs; run++) await session.run(feeds);
  return ((performance.now() - start) * 1_000) / (runs * batch);
}

function publishedFeeds(batch: number): Record<string, ort.Tensor> {
  const noise = Float32Array.from({ length: batch * INPUT_SAMPLES }, (_, i) => 0.1 * Math.sin(i * i));
  return {
    input: new ort.Tensor("float32", noise, [batch, INPUT_SAMPLES]),
    state: new ort.Tensor("float32", new Float32Array(batch * STATE_SIZE), [2, batch, STATE_SIZE / 2]),
    sr: new ort.Tensor("int64", BigInt64Array.of(16_000n), []),
  };
}

/** One window of each session. */
function ourFeeds(batch: number): Record<string, ort.Tensor> {
  const noise = Int16Array.from({ length: batch * INPUT_SAMPLES }, (_, i) => 3_000 * Math.sin(i * i));
  return {
    windows: new ort.Tensor("int16", noise, [batch, INPUT_SAMPLES]),
    order: new ort.Tensor(
      "int32",
      Int32Array.from({ length: batch }, (_, i) => i),
      [1, batch],
    ),
    lengths: new ort.Tensor("int32", new Int32Array(batch).fill(1), [batch]),
    state: new ort.Tensor("float32", new Float32Array(batch * STATE_SIZE), [batch, STATE_SIZE]),
  };
}

function median(values: readonly number[]): number {
  return percentile(
    values.toSorted((a, b) => a - b),
    50,
  );
}
