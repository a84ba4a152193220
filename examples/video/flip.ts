/** A mirror that can also stand on its head. Run it: `npx edgertc dev examples/video/flip.ts`. */
import { Stream, slider } from "edgertc";

export default new Stream((frame, { inputs }) => (inputs.mirror > 0.5 ? frame.flipX() : frame.flipY()), {
  modality: "video",
  concurrencyLimit: 4,
  inputs: { mirror: slider({ label: "Mirror", value: 1 }) },
  ui: { title: "Flip", subtitle: "Your camera, the other way round." },
});
