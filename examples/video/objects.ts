/**
 * Boxes around objects, and how many there are as an output. With a YOLOX model in `DETECTOR_MODEL`, objects of 80 kinds;
 * without, what moves. It sees the newest frame, however long the last one took.
 */
import { AdditionalOutputs, type InputsOf, Stream, slider, type VideoContext, type VideoFrame } from "edgertc";
import { drawBoxes } from "./boxes.ts";
import { Motion } from "./motion.ts";
import { Yolox } from "./yolox.ts";

const inputs = { conf_threshold: slider({ label: "Confidence", value: 0.3 }) };

const { DETECTOR_MODEL: model } = process.env;
// Loaded once a call, by its own process.
let detector: Promise<Yolox | Motion> | undefined;

async function detect(frame: VideoFrame, context: VideoContext<InputsOf<typeof inputs>>) {
  detector ??= model === undefined ? Promise.resolve(new Motion()) : Yolox.load(model);
  const boxes = await (await detector).detect(frame, context.inputs.conf_threshold);
  const shown = drawBoxes(frame, boxes);
  const before = context.state.get("count");
  context.state.set("count", boxes.length);
  // The client is told when it changes, not thirty times a second.
  return before === boxes.length ? shown : ([shown, new AdditionalOutputs({ count: boxes.length })] as const);
}

export default new Stream(detect, {
  modality: "video",
  concurrencyLimit: 4,
  timeLimit: 90,
  inputs,
  ui: { title: "Objects", subtitle: "Boxes around what is there, and how many." },
});
