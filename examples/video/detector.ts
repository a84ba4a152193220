/**
 * A model in a thread of its own: pictures go on at the camera's pace, with the boxes of the last one that the model has looked at.
 * The newest picture is what it looks at next.
 */
import { Worker } from "node:worker_threads";
import type { VideoFrame } from "edgertc";
import type { Box } from "./boxes.ts";

/** In RGB. */
export type Picture = Pick<VideoFrame, "data" | "width" | "height">;

export interface Model {
  readonly kind: "faces" | "yolox";
  readonly file: string;
}
export interface Task {
  readonly picture: Picture;
  readonly threshold: number;
}

/** From one look to the next: objects do not move faster, and the core is not the model's alone. */
const MIN_INTERVAL_MS = 100;

export class Detector {
  readonly #worker: Worker;
  readonly #now: () => number;
  #boxes: readonly Box[] | undefined;
  #state: "idle" | "busy" | "failed" = "idle";
  #cause: unknown;
  #lookedAtMs = Number.NEGATIVE_INFINITY;

  constructor(model: Model, now = () => performance.now()) {
    this.#now = now;
    this.#worker = new Worker(new URL("./detector-thread.ts", import.meta.url), { workerData: model });
    // The call's end does not wait for a picture.
    this.#worker.unref();
    this.#worker.on("message", (boxes: readonly Box[]) => {
      this.#boxes = boxes;
      if (this.#state === "busy") this.#state = "idle";
    });
    this.#worker.on("error", (error) => {
      this.#state = "failed";
      this.#cause = error;
    });
  }

  /**
   * Has the model look at this frame, unless it is busy or has just looked.
   * @returns what it found last; undefined before the first time.
   * @throws Error where the model is broken.
   */
  look({ data, width, height }: VideoFrame, threshold: number): readonly Box[] | undefined {
    if (this.#state === "failed") throw new Error("The detector failed.", { cause: this.#cause });
    if (this.#state === "idle" && this.#now() - this.#lookedAtMs >= MIN_INTERVAL_MS) {
      this.#state = "busy";
      this.#lookedAtMs = this.#now();
      // Boxes are drawn into the frame; the model gets it as it was.
      const picture = { data: data.slice(), width, height };
      this.#worker.postMessage({ picture, threshold } satisfies Task, [picture.data.buffer]);
    }
    return this.#boxes;
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
