import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { VideoFrame } from "edgertc";
import { expect, it } from "vitest";
import { drawBoxes, withoutRepeats } from "./boxes.ts";
import { Detector } from "./detector.ts";
import { readFaces, withFreeSize } from "./faces.ts";
import { Motion } from "./motion.ts";
import { constantModel } from "./testing/constant-model.ts";
import { Yolox } from "./yolox.ts";

const box = (left: number, top: number, right: number, bottom: number, score = 0.9, label = "0") => ({
  ...{ left, top, right, bottom, score, label },
});

const dark = (width: number, height: number) =>
  new VideoFrame({ data: new Uint8Array(width * height * 3), width, height });

it("of boxes over each other the surest is kept, of another kind both are", () => {
  const [sure, unsure] = [box(0, 0, 10, 10, 0.9), box(1, 1, 11, 11, 0.5)];
  expect(withoutRepeats([unsure, sure, box(50, 50, 60, 60, 0.3), { ...unsure, label: "1" }])).toEqual([
    sure,
    { ...unsure, label: "1" },
    box(50, 50, 60, 60, 0.3),
  ]);
});

it("a box is drawn where it is, and not outside of the picture", () => {
  const { data } = drawBoxes(dark(20, 20), [box(-5, 4, 40, 30)]);
  expect([...data.subarray((4 * 20 + 10) * 3, (4 * 20 + 10) * 3 + 3)]).toEqual([64, 220, 130]);
  expect(data.subarray(0, 4 * 20 * 3).every((value) => value === 0)).toBe(true);
});

it("what moves is found where it moved, and nothing where nothing does", () => {
  const motion = new Motion();
  expect(motion.detect(dark(160, 96), 0.1)).toEqual([]);
  const moved = dark(160, 96);
  for (let y = 32; y < 64; y++) moved.data.fill(200, (y * 160 + 48) * 3, (y * 160 + 80) * 3);
  expect(motion.detect(moved, 0.1)).toEqual([box(48, 32, 80, 64, 1, "moving")]);
  expect(motion.detect(moved, 0.1)).toEqual([]);
});

it("a face is where the model is sure of one, as large as it says, and the surest of its neighbours", () => {
  // Planes of 10 by 8 fields; a face of 16 by 12 pixels in the fourth field of the third row, and beside it, less sure.
  const [columns, fields] = [10, 80];
  const maps = {
    heat: new Float32Array(fields),
    size: new Float32Array(2 * fields),
    offset: new Float32Array(2 * fields),
  };
  for (const [field, score] of [
    [23, 0.9],
    [24, 0.6],
  ] as const) {
    maps.heat[field] = score;
    maps.size.set([Math.log(4)], field);
    maps.size.set([Math.log(3)], fields + field);
    maps.offset.set([0.25], field);
  }
  const [face, ...others] = readFaces(maps, columns, 0.5);
  expect(others).toEqual([]);
  const { left = 0, top = 0, right = 0, bottom = 0, label, score } = face ?? {};
  expect([left, top, right, bottom].map(Math.round)).toEqual([8, 3, 20, 19]);
  expect(label).toBe("face");
  expect(score).toBeCloseTo(0.9);
  expect(readFaces(maps, columns, 0.95)).toEqual([]);
});

it("a face at the edge is where it is, and partly outside", () => {
  // In the first field: its middle is at two pixels, it is 16 large.
  const heat = Float32Array.of(0.9);
  const size = new Float32Array(2).fill(Math.log(4));
  const [face] = readFaces({ heat, size, offset: new Float32Array(2) }, 1, 0.5);
  const { left = 0, top = 0, right = 0, bottom = 0 } = face ?? {};
  expect([left, top, right, bottom].map(Math.round)).toEqual([-6, -6, 10, 10]);
});

it("a model of another shape is not taken for the one that finds faces", () => {
  expect(() => withFreeSize(constantModel(32, new Float32Array(7), 7))).toThrow("no CenterFace model");
});

it("a model works in a thread of its own, and frames have what it found last", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "edgertc-detector-"));
  const rows = new Float32Array(21 * 7);
  rows.set([0.5, 0.5, Math.log(2), 0, 0.9, 0.1, 0.8], 5 * 7);
  const file = path.join(folder, "model.onnx");
  await writeFile(file, constantModel(32, rows, 7));
  const detector = new Detector({ kind: "yolox", file });
  try {
    expect(detector.look(dark(64, 48), 0.5)).toBeUndefined();
    await expect.poll(() => detector.look(dark(64, 48), 0.5), { timeout: 20_000 }).toMatchObject([{ label: "1" }]);
    await expect.poll(() => detector.look(dark(64, 48), 0.9), { timeout: 20_000 }).toEqual([]);
  } finally {
    await detector.close();
    await rm(folder, { recursive: true, force: true });
  }
});

it("a model that cannot be loaded says so at the next frame", async () => {
  const detector = new Detector({ kind: "faces", file: "/there/is/none.onnx" });
  const looks = () => {
    try {
      return detector.look(dark(64, 48), 0.5);
    } catch (error) {
      return String(error);
    }
  };
  await expect.poll(looks, { timeout: 20_000 }).toContain("The detector failed");
  await detector.close();
});

it("a YOLOX model's rows become boxes in the picture's own pixels", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "edgertc-yolox-"));
  try {
    // 32×32: 16 cells of 8 pixels, 4 of 16, 1 of 32; the sixth cell of the first grid has something, 16 by 8 pixels large.
    const rows = new Float32Array(21 * 7);
    rows.set([0.5, 0.5, Math.log(2), 0, 0.9, 0.1, 0.8], 5 * 7);
    const file = path.join(folder, "model.onnx");
    await writeFile(file, constantModel(32, rows, 7));
    const yolox = await Yolox.load(file);
    // Twice as large as what the model sees.
    const [found, ...others] = await yolox.detect(dark(64, 48), 0.5);
    expect(others).toEqual([]);
    const { left = 0, top = 0, right = 0, bottom = 0, label } = found ?? {};
    expect([left, top, right, bottom].map(Math.round)).toEqual([8, 16, 40, 32]);
    expect(label).toBe("1");
    expect(found?.score).toBeCloseTo(0.72);
    expect(await yolox.detect(dark(64, 48), 0.8)).toEqual([]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
