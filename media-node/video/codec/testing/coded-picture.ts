/** Pictures for tests with a number drawn into them, large enough to survive a codec. */
import { i420Bytes } from "../../convert.ts";
import type { I420Frame } from "../../types.ts";

const BITS = 16;
const COLUMNS = 4;
const DARK = 40;
const BRIGHT = 210;
const MIDDLE = 125;

/** The number's 16 bits as four by four fields, highest first, from the top left; the colour turns with it. */
export function drawCode(code: number, width: number, height: number, timestampUs: number): I420Frame {
  const data = new Uint8Array(i420Bytes(width, height));
  const luma = width * height;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) data[y * width + x] = bitAt(code, x, y, width, height) === 1 ? BRIGHT : DARK;
  }
  data.fill(128 + ((code * 7) % 60), luma);
  return { data, width, height, format: "i420", timestampUs };
}

/** The number drawn into a picture, by the middle of each field. */
export function readCode({ data, width, height }: I420Frame): number {
  let code = 0;
  for (let bit = 0; bit < BITS; bit++) {
    const x = Math.floor(((bit % COLUMNS) + 0.5) * (width / COLUMNS));
    const y = Math.floor((Math.floor(bit / COLUMNS) + 0.5) * (height / COLUMNS));
    code = code * 2 + ((data[y * width + x] ?? 0) > MIDDLE ? 1 : 0);
  }
  return code;
}

function bitAt(code: number, x: number, y: number, width: number, height: number): number {
  const column = Math.min(COLUMNS - 1, Math.floor((x * COLUMNS) / width));
  const row = Math.min(COLUMNS - 1, Math.floor((y * COLUMNS) / height));
  return (code >> (BITS - 1 - (row * COLUMNS + column))) & 1;
}
