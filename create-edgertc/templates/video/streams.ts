/** Changes every frame of the caller's camera. Each export that is a Stream is served under its name, `default` at the root. */
import { checkbox, Stream, slider, VideoFrame } from "edgertc";

/** Of 1: as it is. Above it brighter, below it darker. */
export function brighten(frame: VideoFrame, factor: number): VideoFrame {
  const { width, height, timestampUs } = frame;
  return new VideoFrame({
    data: Uint8ClampedArray.from(frame.data, (value) => value * factor),
    width,
    height,
    timestampUs,
  });
}

export default new Stream(
  (frame, { inputs }) => {
    const turned = inputs.mirror ? frame.flipX() : frame;
    return inputs.brightness === 1 ? turned : brighten(turned, inputs.brightness);
  },
  {
    modality: "video",
    concurrencyLimit: 4,
    inputs: {
      mirror: checkbox({ label: "Mirror", value: true }),
      brightness: slider({ label: "Brightness", min: 0.2, max: 3, step: 0.1, value: 1 }),
    },
    ui: { title: "Camera", subtitle: "Your picture, changed on the way." },
  },
);
