/** A filter to choose and a slider for how much of it, on the bytes themselves. */
import { choice, Stream, slider, VideoFrame } from "edgertc";

const inputs = {
  filter: choice(["negative", "grey", "sepia", "threshold"], { label: "Filter" }),
  amount: slider({ label: "Amount", value: 1 }),
};

type Colour = readonly [red: number, green: number, blue: number];

const filters = {
  negative: ([red, green, blue]) => [255 - red, 255 - green, 255 - blue],
  grey: (colour) => [luma(colour), luma(colour), luma(colour)],
  sepia: (colour) => [luma(colour) * 1.08, luma(colour) * 0.9, luma(colour) * 0.69],
  threshold: (colour) => (luma(colour) > 127 ? [255, 255, 255] : [0, 0, 0]),
} satisfies Record<string, (colour: Colour) => Colour>;

function luma([red, green, blue]: Colour): number {
  return 0.299 * red + 0.587 * green + 0.114 * blue;
}

export default new Stream(
  ({ data, size }, { inputs: { filter, amount } }) => {
    const changed = new Uint8ClampedArray(data.length);
    for (let i = 0; i < data.length; i += 3) {
      const colour: Colour = [data[i] ?? 0, data[i + 1] ?? 0, data[i + 2] ?? 0];
      for (const [part, value] of filters[filter](colour).entries()) {
        changed[i + part] = (1 - amount) * (colour[part] ?? 0) + amount * value;
      }
    }
    return new VideoFrame({ ...size, data: changed });
  },
  { modality: "video", concurrencyLimit: 2, inputs, ui: { title: "Filters" } },
);
