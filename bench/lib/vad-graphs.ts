/** The VAD model as published against the same in large products: alternately in one process, since the machine's speed wanders. */
import { readFileSync } from "node:fs";
import * as ort from "onnxruntime-node";
import { loadModel } from "../../media-node/speech/load-model.ts";
import { inBatches } from "../../media-node/speech/vad/silero-in-batches.ts";
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
  const ours = await load(inBatches(file) ?? file);
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
  const noise = Float32Array.from({ length: batch * 576 }, (_, i) => 0.1 * Math.sin(i * i));
  const all: Record<string, ort.Tensor> = {
    input: new ort.Tensor("float32", noise, [batch, 576]),
    state: new ort.Tensor("float32", new Float32Array(2 * batch * 128), [2, batch, 128]),
    sr: new ort.Tensor("int64", BigInt64Array.of(16_000n), []),
  };
  const feeds = Object.fromEntries(Object.entries(all).filter(([name]) => session.inputNames.includes(name)));
  const runs = Math.ceil(ROUND_WINDOWS / batch);
  const start = performance.now();
  for (let run = 0; run < runs; run++) await session.run(feeds);
  return ((performance.now() - start) * 1_000) / (runs * batch);
}

function median(values: readonly number[]): number {
  return percentile(
    values.toSorted((a, b) => a - b),
    50,
  );
}
