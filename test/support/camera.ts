/** A recorded picture as a browser's camera: Chromium plays Y4M files, again and again. */
import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import type { I420Frame } from "../../media-node/video/types.ts";

export interface Camera {
  /** All of one size. */
  readonly frames: Iterable<I420Frame>;
  readonly framesPerSecond: number;
}

export async function writeY4m(file: string, { frames, framesPerSecond }: Camera): Promise<void> {
  const parts = function* () {
    let first = true;
    for (const { width, height, data } of frames) {
      if (first) yield `YUV4MPEG2 W${width} H${height} F${framesPerSecond}:1 Ip A1:1 C420jpeg\n`;
      first = false;
      yield "FRAME\n";
      yield data;
    }
  };
  await pipeline(parts, createWriteStream(file));
}
