import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { START_CODE } from "../../video/codec/h264/nal-units.ts";
import { readH264Payload, toH264Payloads } from "./h264-payload.ts";

const SPS = [0x67, 0x42, 0xc0, 0x1f, 9];
const PPS = [0x68, 0xce, 8];
const frameOf = (...units: readonly (readonly number[])[]) =>
  Uint8Array.from(units.flatMap((unit) => [...START_CODE, ...unit]));

describe("H.264 payloads, mode 1", () => {
  it("have a small unit alone", () => {
    expect(toH264Payloads(frameOf([0x41, 1, 2, 3]), 20)).toEqual([Uint8Array.of(0x41, 1, 2, 3)]);
  });

  it("have small units together, with the highest of their priorities", () => {
    const [packet, ...others] = toH264Payloads(frameOf([0x06, 5], SPS, PPS), 40);
    expect(others).toEqual([]);
    expect(packet).toEqual(Uint8Array.of(0x60 | 24, 0, 2, 0x06, 5, 0, 5, ...SPS, 0, 3, ...PPS));
    expect(readH264Payload(packet ?? new Uint8Array())).toEqual({
      start: true,
      keyFrame: true,
      data: frameOf([0x06, 5], SPS, PPS),
    });
  });

  it("have a large unit in fragments that say which is first and which last", () => {
    const packets = toH264Payloads(frameOf([0x65, 1, 2, 3, 4, 5, 6, 7]), 5);
    expect(packets).toEqual([
      Uint8Array.of(0x7c, 0x85, 1, 2),
      Uint8Array.of(0x7c, 0x05, 3, 4),
      Uint8Array.of(0x7c, 0x45, 5, 6, 7),
    ]);
    expect(packets.map((packet) => readH264Payload(packet))).toEqual([
      { start: "perhaps", keyFrame: false, data: frameOf([0x65, 1, 2]) },
      { start: false, keyFrame: false, data: Uint8Array.of(3, 4) },
      { start: false, keyFrame: false, data: Uint8Array.of(5, 6, 7) },
    ]);
  });

  it("begin a key frame with the parameters before it, whether they come alone or together", () => {
    const idr = Array.from({ length: 60 }, (_, n) => (n === 0 ? 0x65 : 200));
    for (const maxLength of [1_160, 30, 8]) {
      const parts = toH264Payloads(frameOf(SPS, PPS, idr), maxLength).map((packet) => readH264Payload(packet));
      expect(parts[0]).toMatchObject({ start: true, keyFrame: true });
      expect(parts.slice(1).some((part) => part?.keyFrame)).toBe(false);
    }
  });

  it("leave out delimiters, which packets have no need of", () => {
    expect(toH264Payloads(frameOf([9, 0xf0], [0x41, 7, 7]), 20)).toEqual([Uint8Array.of(0x41, 7, 7)]);
  });

  it("bring any frame through within the limit", () => {
    const unit = fc
      .tuple(fc.constantFrom(0x41, 0x65, 0x67, 0x68, 0x06), fc.uint8Array({ min: 1, minLength: 1, maxLength: 400 }))
      .map(([first, body]) => [first, ...body]);
    fc.assert(
      fc.property(fc.array(unit, { minLength: 1, maxLength: 6 }), fc.integer({ min: 4, max: 300 }), (units, limit) => {
        const packets = toH264Payloads(frameOf(...units), limit);
        expect(Math.max(...packets.map(({ length }) => length))).toBeLessThanOrEqual(limit);
        const data = packets.map((packet) => readH264Payload(packet)?.data ?? new Uint8Array());
        expect(Buffer.concat(data)).toEqual(Buffer.from(frameOf(...units)));
      }),
    );
  });

  it("are nothing where they are cut off, empty or of another mode", () => {
    for (const bytes of [
      [],
      [0x65],
      [0x7c, 0x85],
      [0x78],
      [0x78, 0, 9, 1],
      [0x78, 0, 0, 1],
      [0x79, 1, 2],
      [0x7d, 1, 2, 3, 4],
      [0, 1],
    ]) {
      expect(readH264Payload(Uint8Array.from(bytes)), String(bytes)).toBeUndefined();
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        expect((readH264Payload(bytes)?.data.length ?? 0) <= 2 * bytes.length + 4).toBe(true);
      }),
    );
  });
});
