import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Sequence, sequenceParameters } from "../testing/sequence-parameters.ts";
import { codedSize, nalType, nalUnits } from "./nal-units.ts";

describe("units in Annex B", () => {
  it("are found behind start codes of three and four bytes", () => {
    const data = Uint8Array.of(0, 0, 0, 1, 0x67, 1, 0, 0, 1, 0x68, 0, 2, 0, 0, 0, 1, 0x65, 9);
    expect(nalUnits(data)).toEqual([Uint8Array.of(0x67, 1), Uint8Array.of(0x68, 0, 2), Uint8Array.of(0x65, 9)]);
    expect(nalUnits(data).map(nalType)).toEqual([7, 8, 5]);
  });

  it("are none where there is no start code, whatever the bytes", () => {
    expect(nalUnits(Uint8Array.of(1, 2, 3))).toEqual([]);
    expect(nalUnits(Uint8Array.of(0, 0, 0, 1))).toEqual([]);
    expect(nalUnits(new Uint8Array())).toEqual([]);
  });

  it("come back as they were joined", () => {
    // What has an end that is not zero and no start code within is a unit.
    const unit = fc.uint8Array({ min: 1, minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(fc.array(fc.record({ unit, long: fc.boolean() }), { maxLength: 8 }), (units) => {
        const data = Buffer.concat(
          units.flatMap(({ unit, long }) => [Uint8Array.from(long ? [0, 0, 0, 1] : [0, 0, 1]), unit]),
        );
        expect(nalUnits(data).map((found) => [...found])).toEqual(units.map(({ unit }) => [...unit]));
      }),
    );
  });
});

describe("the size of a sequence's pictures", () => {
  it.each<[string, Sequence, number, number]>([
    ["plain", { width: 40, height: 30 }, 640, 480],
    ["of one macroblock", { width: 1, height: 1 }, 16, 16],
    ["with the order of pictures in their headers", { width: 80, height: 45, order: 0 }, 1280, 720],
    ["with the order of pictures in a cycle", { width: 80, height: 45, order: 1 }, 1280, 720],
    ["of the high profile", { width: 120, height: 68, profile: 100 }, 1920, 1088],
    ["in fields", { width: 45, height: 36, interlaced: true }, 720, 576],
    ["as large as nobody has them", { width: 4_096, height: 4_096 }, 65_536, 65_536],
  ])("is read: %s", (_, sequence, width, height) => {
    expect(codedSize(sequenceParameters(sequence))).toEqual({ width, height });
  });

  it("is unknown where the unit is cut off, and any bytes are read to their end", () => {
    expect(codedSize(sequenceParameters({ width: 40, height: 30 }).subarray(0, 6))).toBeUndefined();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        codedSize(bytes);
      }),
    );
  });
});
