/**
 * What voice activity detection costs: the model alone, as published and as it is run; then CPU per 32 ms window, messaging
 * included, on the thread that feeds it and on its own. `node bench/vad.ts [seconds] [batchDelayMs]`
 */
import { readFileSync } from "node:fs";
import { readWav } from "../media-node/audio/wav.ts";
import { BATCH_DELAY_MS } from "../media-node/speech/vad/urgency.ts";
import { percentile } from "./lib/percentiles.ts";
import { measureVad } from "./lib/vad-cost.ts";
import { compareGraphs } from "./lib/vad-graphs.ts";

const seconds = Number(process.argv[2] ?? 6);
const batchDelayMs = Number(process.argv[3] ?? BATCH_DELAY_MS);
/** Everybody talks all the time; nobody says anything, with a little noise. */
const SCENES = {
  talking: readWav(readFileSync(new URL("../test/fixtures/speech/librivox-0870.wav", import.meta.url))).samples,
  silent: Int16Array.from({ length: 32_000 }, (_, i) => 20 * Math.sin(i * i)),
};

console.log("the model alone, hot, µs per window (medians of alternating rounds)");
console.log("   windows at once  published  in products  ratio");
for (const { batch, publishedUs, oursUs } of await compareGraphs([1, 4, 8, 16, 32, 64])) {
  const cells = [String(batch).padStart(18), publishedUs.toFixed(1).padStart(11), oursUs.toFixed(1).padStart(13)];
  console.log([...cells, (publishedUs / oursUs).toFixed(1).padStart(7)].join(""));
}
console.log(
  `\n${seconds} s each, batches after ${batchDelayMs} ms · CPU ms per window, feeding subtracted, what turn taking makes of it included · latency from a window's last sample to its result, for all and for those that a speaker notices`,
);
console.log(
  "           sessions  windows/s  total ms  media thread ms  VAD thread ms  latency p50/p99 ms  noticed p50/p99 ms  dropped",
);
for (const [scene, samples] of Object.entries(SCENES)) {
  for (const sessions of [1, 8, 32, 100]) {
    const cost = await measureVad({ samples, sessions, durationMs: seconds * 1_000, batchDelayMs });
    const latency = (all: readonly number[]) =>
      all.length === 0 ? "none" : `${percentile(all, 50).toFixed(1)}/${percentile(all, 99).toFixed(1)}`;
    console.log(
      [
        scene.padEnd(11),
        String(sessions).padStart(8),
        cost.windowsPerSecond.toFixed(0).padStart(11),
        cost.totalMs.toFixed(4).padStart(10),
        cost.mainMs.toFixed(4).padStart(17),
        (cost.totalMs - cost.mainMs).toFixed(4).padStart(15),
        latency(cost.latenciesMs).padStart(20),
        latency(cost.decisionLatenciesMs).padStart(20),
        String(cost.dropped).padStart(9),
      ].join(""),
    );
  }
}
