import { describe, expect, it } from "vitest";
import { Fourier } from "./fourier.ts";

/** By definition. */
function slow(input: Float64Array): Float64Array {
  const length = input.length / 2;
  const out = new Float64Array(input.length);
  for (let k = 0; k < length; k++) {
    for (let n = 0; n < length; n++) {
      const angle = (-2 * Math.PI * ((k * n) % length)) / length;
      const [x = 0, y = 0] = [input[2 * n], input[2 * n + 1]];
      out[2 * k] = (out[2 * k] ?? 0) + x * Math.cos(angle) - y * Math.sin(angle);
      out[2 * k + 1] = (out[2 * k + 1] ?? 0) + x * Math.sin(angle) + y * Math.cos(angle);
    }
  }
  return out;
}

describe("Fourier", () => {
  it.each([[[5]], [[2, 3]], [[4, 4, 5, 5]], [[5, 4, 4, 5]]])("is the transform by definition, for %j", (radices) => {
    const fourier = new Fourier(radices);
    for (const seed of [1, 2, 3]) {
      const input = fourier.input.map((_, i) => Math.sin(seed * i * i + i));
      fourier.input.set(input);
      const expected = slow(input);
      const worst = fourier.transform().reduce((max, x, i) => Math.max(max, Math.abs(x - (expected[i] ?? 0))), 0);
      expect(worst).toBeLessThan(1e-9);
    }
  });
});
