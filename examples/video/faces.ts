/**
 * Finds faces with CenterFace (https://github.com/Star-Clouds/CenterFace, MIT; 7 MB) through onnxruntime-node: 17 ms of CPU a
 * picture. The session blocks the thread that it runs in.
 */
import { InferenceSession, Tensor } from "onnxruntime-node";
import { type Box, withoutRepeats } from "./boxes.ts";
import type { Picture } from "./detector.ts";

/** What it looks at: multiples of 32. A face has to be about ten pixels large in it. */
const WIDTH = 320;
const HEIGHT = 256;
const PLANE = WIDTH * HEIGHT;
/** Pixels from one place where there may be a face to the next. */
const STRIDE = 4;
const OVERLAP = 0.3;
/** The outputs: whether there is a face, the logarithm of its size, and where in its field its middle is. */
const [HEAT, SIZE, OFFSET] = ["537", "538", "539"] as const;
/** A size of its own in a shape, `dim { dim_value: n }` in Protocol Buffers, and one that is free, as long. */
const FIXED_SHAPE = Uint8Array.of(0x0a, 2, 8, 10, 0x0a, 2, 8, 3, 0x0a, 2, 8, 32, 0x0a, 2, 8, 32);
const FREE = Uint8Array.of(0x12, 0);
const FREED_AT = [2, 10, 14];

export class Faces {
  readonly #session: InferenceSession;
  readonly #input = new Float32Array(3 * PLANE);

  private constructor(session: InferenceSession) {
    this.#session = session;
  }

  /** @param model the file's bytes. @throws Error where it is another model. */
  static async load(model: Uint8Array): Promise<Faces> {
    const options = { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 } as const;
    return new Faces(await InferenceSession.create(withFreeSize(model), options));
  }

  async detect(picture: Picture, threshold: number): Promise<Box[]> {
    const scale = this.#fill(picture);
    const input = new Tensor("float32", this.#input, [1, 3, HEIGHT, WIDTH]);
    const results = await this.#session.run({ "input.1": input });
    const [heat, size, offset] = [HEAT, SIZE, OFFSET].map((name) => results[name]?.data);
    const areNumbers = heat instanceof Float32Array && size instanceof Float32Array && offset instanceof Float32Array;
    if (!areNumbers) return [];
    return readFaces({ heat, size, offset }, WIDTH / STRIDE, threshold).map((box) => ({
      ...box,
      left: box.left / scale,
      top: box.top / scale,
      right: box.right / scale,
      bottom: box.bottom / scale,
    }));
  }

  /** The picture, made to fit, as planes of red, green and blue from 0 to 255. @returns how much smaller it got. */
  #fill({ data, width, height }: Picture): number {
    const scale = Math.min(WIDTH / width, HEIGHT / height);
    this.#input.fill(0);
    for (let y = 0; y < Math.floor(height * scale); y++) {
      const row = Math.floor(y / scale) * width;
      for (let x = 0; x < Math.floor(width * scale); x++) {
        const from = (row + Math.floor(x / scale)) * 3;
        const to = y * WIDTH + x;
        this.#input[to] = data[from] ?? 0;
        this.#input[PLANE + to] = data[from + 1] ?? 0;
        this.#input[2 * PLANE + to] = data[from + 2] ?? 0;
      }
    }
    return scale;
  }
}

/** The file says ten pictures of 32×32; its graph takes any number and size. */
export function withFreeSize(model: Uint8Array): Uint8Array {
  const at = Buffer.from(model.buffer, model.byteOffset, model.length).indexOf(FIXED_SHAPE);
  if (at === -1) throw new Error("The file is no CenterFace model: it has no input of 10×3×32×32.");
  const free = model.slice();
  for (const dimension of FREED_AT) free.set(FREE, at + dimension);
  return free;
}

export interface FaceMaps {
  readonly heat: Float32Array;
  /** Two planes: height, then width. So has `offset`. */
  readonly size: Float32Array;
  readonly offset: Float32Array;
}

/** @param columns of each plane */
export function readFaces({ heat, size, offset }: FaceMaps, columns: number, threshold: number): Box[] {
  const plane = heat.length;
  const boxes: Box[] = [];
  for (const [at, score] of heat.entries()) {
    if (score < threshold) continue;
    const height = Math.exp(size[at] ?? 0) * STRIDE;
    const width = Math.exp(size[plane + at] ?? 0) * STRIDE;
    const y = (Math.floor(at / columns) + (offset[at] ?? 0) + 0.5) * STRIDE;
    const x = ((at % columns) + (offset[plane + at] ?? 0) + 0.5) * STRIDE;
    const [left, top] = [x - width / 2, y - height / 2];
    boxes.push({ left, top, right: left + width, bottom: top + height, score, label: "face" });
  }
  return withoutRepeats(boxes, OVERLAP);
}
