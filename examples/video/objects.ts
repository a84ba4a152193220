/**
 * Boxes around what is in the picture, and how many as outputs: faces, by a model that is fetched with the first call. With a YOLOX
 * model in `DETECTOR_MODEL` objects of 80 kinds; where no model can be had, what moves.
 */
import {
  AdditionalOutputs,
  type InputsOf,
  models,
  output,
  Stream,
  slider,
  type VideoContext,
  type VideoFrame,
} from "edgertc";
import { type Box, drawBoxes } from "./boxes.ts";
import { Detector, type Model } from "./detector.ts";
import { Motion } from "./motion.ts";

const inputs = { conf_threshold: slider({ label: "Confidence", value: 0.3 }) };

const { DETECTOR_MODEL: yolox } = process.env;

type Look = (frame: VideoFrame, threshold: number) => readonly Box[] | undefined;
// This call's own, as all that a stream file keeps.
let look: Look | undefined;

async function modelOf(): Promise<Model> {
  if (yolox !== undefined) return { kind: "yolox", file: yolox };
  const files = await models.ensure("centerface");
  return { kind: "faces", file: files["centerface.onnx"] };
}

/** Nothing is found before the model is there: frames do not wait for it. */
function begin(): Look {
  modelOf().then(
    (model) => {
      const detector = new Detector(model);
      look = (frame, threshold) => detector.look(frame, threshold);
    },
    (error: unknown) => {
      console.warn("No model for examples/video/objects.ts; it shows what moves.", error);
      const motion = new Motion();
      look = (frame, threshold) => motion.detect(frame, threshold);
    },
  );
  return () => undefined;
}

function detect(frame: VideoFrame, { inputs: { conf_threshold }, state }: VideoContext<InputsOf<typeof inputs>>) {
  look ??= begin();
  const boxes = look(frame, conf_threshold);
  if (boxes === undefined) return frame;
  const shown = drawBoxes(frame, boxes);
  const labels = Object.fromEntries(
    [...Map.groupBy(boxes, ({ label }) => label)].map(([label, found]) => [label, found.length]),
  );
  const told = JSON.stringify(labels);
  // The client is told when it changes, not thirty times a second.
  if (state.get("told") === told) return shown;
  state.set("told", told);
  return [shown, new AdditionalOutputs({ count: boxes.length, labels })] as const;
}

export default new Stream(detect, {
  modality: "video",
  concurrencyLimit: 4,
  timeLimit: 90,
  inputs,
  outputs: { count: output.number({ label: "Objects" }), labels: output.json({ label: "Of each kind" }) },
  additionalOutputsHandler: (_shown, found: { readonly count: number; readonly labels: Record<string, number> }) =>
    found,
  ui: { title: "Objects", subtitle: "Boxes around what is there, and how many." },
});
