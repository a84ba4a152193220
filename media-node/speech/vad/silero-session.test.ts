import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { readWav } from "../../audio/wav.ts";
import { loadModel } from "../load-model.ts";
import { NativeGate } from "../native-gate.ts";
import { CONTEXT_SAMPLES, INPUT_SAMPLES, SileroSession, STATE_SIZE } from "./silero-session.ts";

/** Speech, a row every half second; four runs, each with the state of the one before. */
async function hear(silero: SileroSession, batch: number): Promise<number[]> {
  const url = new URL("../../../test/fixtures/speech/librivox-0870.wav", import.meta.url);
  const { samples } = readWav(readFileSync(url));
  const heard: number[] = [];
  silero.state.fill(0);
  for (let window = 1; window <= 4; window++) {
    for (let row = 0; row < batch; row++) {
      const at = row * 8_000 + window * 512 - CONTEXT_SAMPLES;
      silero.input.set(
        Array.from(samples.subarray(at, at + INPUT_SAMPLES), (sample) => sample / 32_768),
        row * INPUT_SAMPLES,
      );
    }
    await silero.run(batch);
    heard.push(...silero.output.subarray(0, batch));
    silero.state.set(silero.stateN.subarray(0, 2 * batch * STATE_SIZE));
  }
  return heard;
}

it("runs a model of another graph as it is, and hears the same with either, in batches of any size", async () => {
  const paths = await loadModel("silero-vad-v6", new AbortController().signal);
  const known = readFileSync(paths["silero_vad.onnx"]);
  // An operator with another name makes it another graph, though one that computes the same.
  const other = Buffer.from(known);
  other.write("NODE_pow_1", other.indexOf("node_pow_1"), "latin1");
  const gate = new NativeGate();
  const [rebuilt, asItIs] = [await SileroSession.load(known, gate), await SileroSession.load(other, gate)];
  for (const batch of [1, 5, 2, 5]) {
    const expected = await hear(asItIs, batch);
    expect(new Set(expected).size).toBe(4 * batch);
    for (const [index, probability] of (await hear(rebuilt, batch)).entries()) {
      expect(Math.abs(probability - (expected[index] ?? Number.NaN))).toBeLessThan(1e-4);
    }
  }
}, 300_000);
