/** Boxes around what was found in a picture: which to keep, and drawing them. */
import type { VideoFrame } from "edgertc";

/** In pixels of the picture. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  /** 0 to 1. */
  readonly score: number;
  readonly label: string;
}

const LINE_PIXELS = 3;
const COLOUR = [64, 220, 130] as const;

/** Of boxes that lie over each other, the surest: two that share more than `overlap` of their area are one. */
export function withoutRepeats(boxes: readonly Box[], overlap = 0.45): Box[] {
  const kept: Box[] = [];
  for (const box of boxes.toSorted((a, b) => b.score - a.score)) {
    if (kept.every((other) => other.label !== box.label || shared(other, box) <= overlap)) kept.push(box);
  }
  return kept;
}

/** Of both areas together. */
function shared(a: Box, b: Box): number {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  if (width <= 0 || height <= 0) return 0;
  const both = width * height;
  return both / (area(a) + area(b) - both);
}

function area({ left, top, right, bottom }: Box): number {
  return (right - left) * (bottom - top);
}

/** Draws into the frame itself. */
export function drawBoxes(frame: VideoFrame, boxes: readonly Box[]): VideoFrame {
  const { data, width, height } = frame;
  const fill = (left: number, top: number, right: number, bottom: number): void => {
    for (let y = Math.max(0, Math.round(top)); y < Math.min(height, Math.round(bottom)); y++) {
      for (let x = Math.max(0, Math.round(left)); x < Math.min(width, Math.round(right)); x++) {
        data.set(COLOUR, (y * width + x) * 3);
      }
    }
  };
  for (const { left, top, right, bottom } of boxes) {
    fill(left, top, right, top + LINE_PIXELS);
    fill(left, bottom - LINE_PIXELS, right, bottom);
    fill(left, top, left + LINE_PIXELS, bottom);
    fill(right - LINE_PIXELS, top, right, bottom);
  }
  return frame;
}
