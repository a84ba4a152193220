/** The thread of a {@link Detector}: loads its model, and says what is in each picture that it is sent. */
import { readFile } from "node:fs/promises";
import { parentPort, workerData } from "node:worker_threads";
import type { Model, Task } from "./detector.ts";
import { Faces } from "./faces.ts";
import { Yolox } from "./yolox.ts";

const { kind, file }: Model = workerData;
const model = kind === "yolox" ? await Yolox.load(file) : await Faces.load(await readFile(file));

parentPort?.on("message", async ({ picture, threshold }: Task) => {
  parentPort?.postMessage(await model.detect(picture, threshold));
});
