import { describe, expect, it } from "vitest";
import { frameBytes, type VideoFormat, VideoFrame } from "./frame.ts";

/** Every pixel's colour is its position. */
function picture(width: number, height: number, format: "rgb" | "rgba" = "rgb"): VideoFrame {
  const step = format === "rgb" ? 3 : 4;
  const data = new Uint8Array(width * height * step);
  for (let i = 0; i < width * height; i++) {
    data.set([i % width, Math.floor(i / width), 7, 255].slice(0, step), i * step);
  }
  return new VideoFrame({ data, width, height, format });
}

const solid = (colour: readonly [number, number, number], width = 5, height = 3): VideoFrame =>
  new VideoFrame({
    data: Uint8Array.from({ length: width * height * 3 }, (_, i) => colour[i % 3] ?? 0),
    width,
    height,
  });

const pixel = (frame: VideoFrame, x: number, y: number): number[] => {
  const rgb = frame.to("rgb");
  return [...rgb.data.subarray((y * rgb.width + x) * 3, (y * rgb.width + x) * 3 + 3)];
};

describe("a video frame", () => {
  it.each([
    ["black", [0, 0, 0], [16, 128, 128]],
    ["white", [255, 255, 255], [235, 128, 128]],
    ["red", [255, 0, 0], [82, 90, 240]],
    ["green", [0, 255, 0], [144, 54, 34]],
    ["blue", [0, 0, 255], [41, 240, 110]],
  ] as const)("has the colours of BT.601 in the limited range: %s, there and back", (_name, rgb, yuv) => {
    const i420 = solid(rgb).to("i420");
    const [y, u, v] = [i420.data[0], i420.data[15], i420.data[21]];
    for (const [i, value] of [y, u, v].entries()) expect(Math.abs((value ?? 0) - (yuv[i] ?? 0))).toBeLessThanOrEqual(1);
    for (const [i, value] of pixel(i420, 4, 2).entries())
      expect(Math.abs(value - (rgb[i] ?? 0))).toBeLessThanOrEqual(3);
  });

  it.each(["rgb", "rgba", "i420"] as const)("is mirrored and turned over in %s, at odd sizes too", (format) => {
    const bright = new Uint8Array(7 * 5 * 3);
    bright.set([255, 255, 255], 0);
    const frame = new VideoFrame({ data: bright, width: 7, height: 5, timestampUs: 9 }).to(format);
    expect(pixel(frame.flipX(), 6, 0)[0]).toBeGreaterThan(240);
    expect(pixel(frame.flipX(), 0, 0)[0]).toBeLessThan(60);
    expect(pixel(frame.flipY(), 0, 4)[0]).toBeGreaterThan(240);
    expect(frame.flipX().flipX().data).toEqual(frame.data);
    expect(frame.flipY()).toMatchObject({ width: 7, height: 5, format, timestampUs: 9 });
  });

  it("changes its size, and means its pixels when it shrinks by half", () => {
    const { data, width, height } = picture(8, 4).resize(4, 2);
    expect([width, height]).toEqual([4, 2]);
    expect([...data.subarray(0, 6)]).toEqual([1, 1, 7, 3, 1, 7]);
    expect(solid([10, 200, 30]).to("i420").resize(9, 4).to("rgb").size).toEqual({ width: 9, height: 4 });
  });

  it("is converted only when its bytes are looked at: what is not, is passed on as it came", () => {
    const data = new Uint8Array(frameBytes("i420", 4, 4)).fill(100);
    const frame = VideoFrame.fromI420({ data, width: 4, height: 4, timestampUs: 1 }, "rgb");
    expect(frame.to("i420").data).toBe(data);
    expect(frame.flipX().format).toBe("rgb");
    expect(frame.data).toHaveLength(48);
    frame.data.fill(255);
    expect(frame.to("i420").data[0]).toBe(235);
  });

  it("goes from RGB to RGBA and back unchanged", () => {
    const rgb = picture(3, 2);
    expect([...rgb.to("rgba").data.subarray(4, 8)]).toEqual([1, 0, 7, 255]);
    expect(rgb.to("rgba").to("rgb").data).toEqual(rgb.data);
  });

  it.each([
    [{ data: new Uint8Array(11), width: 2, height: 2 }, "has 12 bytes, not 11"],
    [{ data: new Uint8Array(0), width: 0, height: 2 }, "width must be 1 to 4096"],
    [{ data: new Uint8Array(12), width: 2.5, height: 2 }, "width must be 1 to 4096"],
    [{ data: new Uint8Array(12), width: 2, height: 2, format: "bgr" as VideoFormat }, "rgb, rgba or i420, not bgr"],
    [{ data: [1, 2, 3] as unknown as Uint8Array, width: 1, height: 1 }, "must be a Uint8Array"],
  ])("refuses bytes that are no such picture: %#", (init, message) => {
    expect(() => new VideoFrame(init)).toThrow(message);
  });
});
