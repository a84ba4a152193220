import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { g711 } from "./g711.ts";

const every = Int16Array.from({ length: 65_536 }, (_, i) => i - 32_768);
const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
const sha256 = (data: Uint8Array | Int16Array) =>
  createHash("sha256")
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest("hex");

describe.each([
  {
    law: "mulaw" as const,
    silence: 0xff,
    // Of CPython's audioop (lin2ulaw, ulaw2lin), FastRTC's codec, for every sample and every byte.
    encoded: "81d633c9e6972a18c74a58720b96cb8ca0bdd096d4060b646dd708c3b846019a",
    decoded: "3dab54339e520bb2c924826e3b72a917a2b612e9fd12fc867500f1d983a75827",
  },
  {
    law: "alaw" as const,
    silence: 0xd5,
    encoded: "38488f6fd710f4686360edc4d38639f96c491595ef93f8eb8d62d5e07ca6ce7b",
    decoded: "e04788d110e58ff8c70c93b8480190d973e3b67876b6119abbaec766cc75c174",
  },
])("$law", ({ law, silence, encoded, decoded }) => {
  const codec = g711(law);

  it("encodes every sample and decodes every byte as audioop does", () => {
    expect(sha256(codec.encode(every))).toBe(encoded);
    expect(sha256(codec.decode(bytes))).toBe(decoded);
  });

  it("has a byte for silence", () => {
    expect(codec.encode(new Int16Array(3))).toEqual(Uint8Array.of(silence, silence, silence));
    expect(codec.silence).toBe(silence);
  });

  it("loses no more than a step of its scale, which grows with the level", () => {
    const back = codec.decode(codec.encode(every));
    for (let i = 0; i < every.length; i += 7) {
      const level = Math.abs(every[i] ?? 0);
      expect(Math.abs((every[i] ?? 0) - (back[i] ?? 0))).toBeLessThanOrEqual(Math.max(16, level / 16) + 8);
    }
  });
});
