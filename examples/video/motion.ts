/** Finds what moves, without a model: blocks of the picture that differ from the last one, joined where they touch. */
import type { VideoFrame } from "edgertc";
import type { Box } from "./boxes.ts";

const BLOCK_PIXELS = 16;
/** Of a block's mean brightness, from 0 to 255: at threshold 0 the camera's noise is motion, at 1 nothing is. */
const MOST_CHANGE = 80;

export class Motion {
  #before: Float32Array | undefined;

  /** @param threshold 0 to 1: how much a block must have changed. */
  detect(frame: VideoFrame, threshold: number): Box[] {
    const columns = Math.floor(frame.width / BLOCK_PIXELS);
    const blocks = meansOf(frame, columns, Math.floor(frame.height / BLOCK_PIXELS));
    const before = this.#before;
    this.#before = blocks;
    if (before?.length !== blocks.length) return [];
    const change = blocks.map((mean, i) => Math.min(1, Math.abs(mean - (before[i] ?? mean)) / MOST_CHANGE));
    return join(change, columns, Math.max(0.02, threshold));
  }
}

function meansOf({ data, width }: VideoFrame, columns: number, rows: number): Float32Array {
  const means = new Float32Array(columns * rows);
  // Every other pixel of every other row, and of those the green: as good as the brightness.
  const samples = (BLOCK_PIXELS / 2) ** 2;
  for (let y = 0; y < rows * BLOCK_PIXELS; y += 2) {
    for (let x = 0; x < columns * BLOCK_PIXELS; x += 2) {
      const block = Math.floor(y / BLOCK_PIXELS) * columns + Math.floor(x / BLOCK_PIXELS);
      means[block] = (means[block] ?? 0) + (data[(y * width + x) * 3 + 1] ?? 0) / samples;
    }
  }
  return means;
}

/** One box around each group of blocks that touch. */
function join(change: Float32Array, columns: number, threshold: number): Box[] {
  const boxes: Box[] = [];
  const seen = new Set<number>();
  for (let start = 0; start < change.length; start++) {
    if (seen.has(start) || (change[start] ?? 0) <= threshold) continue;
    let box = { left: columns, top: change.length, right: 0, bottom: 0, score: 0, label: "moving" };
    const waiting = [start];
    seen.add(start);
    for (let block = waiting.pop(); block !== undefined; block = waiting.pop()) {
      const [x, y] = [block % columns, Math.floor(block / columns)];
      box = {
        ...box,
        left: Math.min(box.left, x),
        top: Math.min(box.top, y),
        right: Math.max(box.right, x + 1),
        bottom: Math.max(box.bottom, y + 1),
        score: Math.max(box.score, change[block] ?? 0),
      };
      const beside = [x > 0 ? block - 1 : -1, x < columns - 1 ? block + 1 : -1, block - columns, block + columns];
      for (const next of beside) {
        if (next < 0 || next >= change.length || seen.has(next) || (change[next] ?? 0) <= threshold) continue;
        seen.add(next);
        waiting.push(next);
      }
    }
    boxes.push(scaled(box));
  }
  return boxes;
}

function scaled(box: Box): Box {
  const { left, top, right, bottom } = box;
  const [x, y] = [left * BLOCK_PIXELS, top * BLOCK_PIXELS];
  return { ...box, left: x, top: y, right: right * BLOCK_PIXELS, bottom: bottom * BLOCK_PIXELS };
}
