import { afterEach, describe, expect, it as run } from "vitest";
import type { EncodedFrame, I420Frame, VideoCodec } from "../types.ts";
import { createVideoDecoder, createVideoEncoder } from "./index.ts";
import { installedVideoCodecs } from "./installed.ts";
import { drawCode, readCode } from "./testing/coded-picture.ts";
import { sequenceParameters } from "./testing/sequence-parameters.ts";

const FRAME_US = 33_333;

/** H.264 where OpenH264 is installed; skipped, with the reason, where it is not. */
const { codecs, h264 } = await installedVideoCodecs();
const CODECS: readonly { readonly codec: VideoCodec; readonly name: string }[] = [
  { codec: "vp8", name: "VP8" },
  { codec: "h264", name: codecs.includes("h264") ? "H.264" : `H.264: ${h264}` },
];

const opened: { close(): void }[] = [];

afterEach(() => {
  for (const codec of opened.splice(0)) codec.close();
});

async function open(codec: VideoCodec, bitsPerSecond = 800_000) {
  let asked = 0;
  const encoder = await createVideoEncoder({ codec, bitsPerSecond });
  const decoder = await createVideoDecoder({ codec, onKeyFrameNeeded: () => (asked += 1) });
  opened.push(encoder, decoder);
  const encode = async (n: number, width = 320, height = 240): Promise<EncodedFrame> => {
    const frame = await encoder.encode(drawCode(n, width, height, n * FRAME_US));
    if (frame === undefined) throw new Error("The encoder left a frame out.");
    return frame;
  };
  return { encoder, decoder, encode, asked: () => asked };
}

const codeOf = (frame: I420Frame | undefined) => (frame === undefined ? undefined : readCode(frame));

describe.each(CODECS)("$name", ({ codec }) => {
  const it = run.skipIf(!codecs.includes(codec));
  const setUp = (bitsPerSecond?: number) => open(codec, bitsPerSecond);
  it("brings pictures through, each with its number, its colour and its time", async () => {
    const { encode, decoder } = await setUp();
    for (let n = 0; n < 60; n++) {
      const encoded = await encode(n * 37);
      const picture = await decoder.decode(encoded);
      const colour = drawCode(n * 37, 320, 240, 0).data.at(-1) ?? 0;
      for (const at of [320 * 240, 320 * 240 * 1.25, 320 * 240 * 1.5 - 1]) {
        expect(Math.abs((picture?.data[at] ?? 0) - colour)).toBeLessThan(8);
      }
      expect(codeOf(picture)).toBe(n * 37);
      expect(picture).toMatchObject({ width: 320, height: 240, format: "i420", timestampUs: n * 37 * FRAME_US });
      expect(encoded.keyFrame).toBe(n === 0);
    }
  });

  it("makes a key frame when asked, once", async () => {
    const { encode, encoder } = await setUp();
    const keys: boolean[] = [];
    for (let n = 0; n < 6; n++) {
      if (n === 3) encoder.requestKeyFrame();
      keys.push((await encode(n)).keyFrame);
    }
    expect(keys).toEqual([true, false, false, true, false, false]);
  });

  it("follows the picture's size, odd ones too", async () => {
    const { encode, decoder } = await setUp();
    for (const [n, width, height] of [
      [1, 320, 240],
      [2, 640, 480],
      [3, 333, 201],
      [4, 160, 120],
    ] as const) {
      const encoded = await encode(n, width, height);
      expect(encoded.keyFrame).toBe(true);
      const picture = await decoder.decode(encoded);
      // H.264 has no odd rows and columns: the last one is left out.
      const left = codec === "h264" ? 2 : 1;
      expect(picture).toMatchObject({ width: width - (width % left), height: height - (height % left) });
      expect(codeOf(picture)).toBe(n);
    }
  });

  it("follows the bit rate while it runs", async () => {
    const { encoder } = await setUp(1_500_000);
    const random = lcg(3);
    const bytesOf30 = async (from: number) => {
      let bytes = 0;
      for (let n = from; n < from + 30; n++) {
        const picture = drawCode(n, 320, 240, n * FRAME_US);
        picture.data.forEach((sample, at) => {
          picture.data[at] = sample + 30 * random();
        });
        bytes += (await encoder.encode(picture))?.data.length ?? 0;
      }
      return bytes;
    };
    await bytesOf30(0);
    const before = await bytesOf30(30);
    encoder.setBitrate(150_000);
    await bytesOf30(60);
    const after = await bytesOf30(90);
    expect(after).toBeLessThan(before / 2);
  });

  it("encodes pictures whose time stands still, leaps or goes back", async () => {
    const { encoder, decoder } = await setUp();
    const timesUs = [0, 0, 0, 33_333, 1e12, 1e12 + 33_333, 5, 10, -1e15, 4e15];
    for (const [n, timestampUs] of timesUs.entries()) {
      const encoded = await encoder.encode(drawCode(n, 320, 240, timestampUs));
      expect(encoded?.timestampUs).toBe(timestampUs);
      expect(encoded === undefined ? undefined : codeOf(await decoder.decode(encoded))).toBe(n);
    }
  });

  it("shows nothing before a key frame, and asks for one", async () => {
    const { encode, decoder, asked } = await setUp();
    await encode(1);
    expect(await decoder.decode(await encode(2))).toBeUndefined();
    expect(asked()).toBe(1);
  });

  it("gives a damaged frame up, asks for a key frame and goes on with it", async () => {
    const { encode, encoder, decoder, asked } = await setUp();
    await decoder.decode(await encode(1));
    const whole = await encode(2);
    // A header that promises a first partition larger than the frame.
    const damaged = { ...whole, data: Uint8Array.of(0xf1, 0xff, 0xff, ...whole.data.subarray(3, 20)) };
    expect(await decoder.decode(damaged)).toBeUndefined();
    expect(asked()).toBe(1);
    expect(await decoder.decode(await encode(3))).toBeUndefined();
    encoder.requestKeyFrame();
    expect(codeOf(await decoder.decode(await encode(4)))).toBe(4);
  });

  it("survives any bytes", async () => {
    const { encode, encoder, decoder } = await setUp();
    const random = lcg(7);
    for (let round = 0; round < 300; round++) {
      encoder.requestKeyFrame();
      const { data, ...frame } = await encode(round, 96, 64);
      const mangled = data.map((byte) => (random() < 0.02 ? Math.floor(random() * 256) : byte));
      const cut = mangled.subarray(0, Math.floor(random() * mangled.length));
      await decoder.decode({ ...frame, data: random() < 0.5 ? mangled : cut }).catch((error: unknown) => {
        expect(error).toMatchObject({ code: "video_too_large" });
      });
    }
    encoder.requestKeyFrame();
    expect(codeOf(await decoder.decode(await encode(9)))).toBe(9);
  });

  it("refuses a client's picture that is too large before it takes the memory for it", async () => {
    const { encode, decoder } = await setUp();
    const { data, ...frame } = await encode(1);
    await expect(decoder.decode({ ...frame, data: enlarged(codec, data) })).rejects.toMatchObject({
      code: "video_too_large",
    });
    expect(codeOf(await decoder.decode({ ...frame, data }))).toBe(1);
  });

  it("refuses a handler's picture that is too large, or not what it says", async () => {
    const { encoder } = await setUp();
    const picture = drawCode(1, 320, 240, 0);
    await expect(encoder.encode({ ...picture, width: 322 })).rejects.toThrow(RangeError);
    const large = { ...picture, width: 4_000, height: 3_000, data: new Uint8Array(18_000_000) };
    await expect(encoder.encode(large)).rejects.toMatchObject({ code: "video_too_large" });
  });

  it("has nothing to say once closed", async () => {
    const { encode, encoder, decoder } = await setUp();
    const frame = await encode(1);
    decoder.close();
    encoder.close();
    expect(await decoder.decode(frame)).toBeUndefined();
    expect(await encoder.encode(drawCode(2, 320, 240, 0))).toBeUndefined();
  });
});

/** A key frame that claims 16,383×16,383 pixels, or about as many. */
function enlarged(codec: VideoCodec, data: Uint8Array): Uint8Array {
  if (codec === "h264") {
    const sequence = sequenceParameters({ width: 1_023, height: 1_023 });
    return Uint8Array.of(0, 0, 0, 1, ...sequence, ...data);
  }
  const huge = data.slice();
  huge.set([0xff, 0x3f, 0xff, 0x3f], 6);
  return huge;
}

function lcg(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
