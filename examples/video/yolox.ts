/**
 * Finds objects with a YOLOX model (https://github.com/Megvii-BaseDetection/YOLOX, Apache-2.0; `yolox_nano.onnx` is 4 MB)
 * through onnxruntime-node. The session blocks the thread that it runs in.
 */
import { InferenceSession, Tensor } from "onnxruntime-node";
import { type Box, withoutRepeats } from "./boxes.ts";
import type { Picture } from "./detector.ts";

/** What stands around a picture that is not square: the grey of the model's training. */
const PADDING = 114;
const STRIDES = [8, 16, 32] as const;
/** Of each row of the output: a box, whether there is anything, and the classes. */
const HEADER = 5;

export class Yolox {
  readonly #session: InferenceSession;
  readonly #side: number;
  readonly #input: Float32Array;

  private constructor(session: InferenceSession, side: number) {
    this.#session = session;
    this.#side = side;
    this.#input = new Float32Array(3 * side * side);
  }

  /** @throws Error where the file is no model with one square input of three colours. */
  static async load(file: string): Promise<Yolox> {
    const session = await InferenceSession.create(file, { intraOpNumThreads: 1, interOpNumThreads: 1 });
    const [metadata] = session.inputMetadata;
    const side = metadata?.isTensor === true ? metadata.shape[3] : undefined;
    if (typeof side !== "number")
      throw new Error(`${file} is no YOLOX model: its input is no picture of a fixed size.`);
    return new Yolox(session, side);
  }

  async detect(picture: Picture, threshold: number): Promise<Box[]> {
    const scale = this.#fill(picture);
    const { inputNames, outputNames } = this.#session;
    const [input = "images"] = inputNames;
    const [output = "output"] = outputNames;
    const results = await this.#session.run({
      [input]: new Tensor("float32", this.#input, [1, 3, this.#side, this.#side]),
    });
    const { data, dims } = results[output] ?? { data: new Float32Array(), dims: [1, 0, HEADER] };
    if (!(data instanceof Float32Array)) return [];
    return readBoxes(data, Number(dims[2]), this.#side, threshold).map((box) => ({
      ...box,
      left: box.left / scale,
      top: box.top / scale,
      right: box.right / scale,
      bottom: box.bottom / scale,
    }));
  }

  /** The picture, made to fit, as planes of blue, green and red from 0 to 255. @returns how much smaller it got. */
  #fill({ data, width, height }: Picture): number {
    const side = this.#side;
    const scale = Math.min(side / width, side / height);
    const plane = side * side;
    this.#input.fill(PADDING);
    for (let y = 0; y < Math.floor(height * scale); y++) {
      for (let x = 0; x < Math.floor(width * scale); x++) {
        const from = (Math.floor(y / scale) * width + Math.floor(x / scale)) * 3;
        for (let colour = 0; colour < 3; colour++) {
          this.#input[(2 - colour) * plane + y * side + x] = data[from + colour] ?? 0;
        }
      }
    }
    return scale;
  }
}

/** @param rows as the model gives them: centre and size relative to a grid of each stride, one grid after the other. */
export function readBoxes(rows: Float32Array, rowLength: number, side: number, threshold: number): Box[] {
  const boxes: Box[] = [];
  let at = 0;
  for (const stride of STRIDES) {
    const cells = Math.floor(side / stride);
    for (let cell = 0; cell < cells * cells; cell++, at += rowLength) {
      const sure = rows[at + 4] ?? 0;
      if (sure < threshold) continue;
      const { label, score } = bestClass(rows.subarray(at + HEADER, at + rowLength));
      if (sure * score < threshold) continue;
      const x = ((rows[at] ?? 0) + (cell % cells)) * stride;
      const y = ((rows[at + 1] ?? 0) + Math.floor(cell / cells)) * stride;
      const [width, height] = [Math.exp(rows[at + 2] ?? 0) * stride, Math.exp(rows[at + 3] ?? 0) * stride];
      boxes.push({
        ...{ left: x - width / 2, top: y - height / 2, right: x + width / 2, bottom: y + height / 2 },
        score: sure * score,
        label: String(label),
      });
    }
  }
  return withoutRepeats(boxes);
}

function bestClass(scores: Float32Array): { readonly label: number; readonly score: number } {
  let best = { label: 0, score: 0 };
  for (const [label, score] of scores.entries()) if (score > best.score) best = { label, score };
  return best;
}
