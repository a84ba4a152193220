/** What FastRTC's page takes from a content delivery network: `alawmulaw`, as far as it uses it, made of our own tables. */
import { g711 } from "../../media-node/audio/g711.ts";

export function mulawScript(): string {
  const decoded = [...g711("mulaw").decode(Uint8Array.from({ length: 256 }, (_, byte) => byte))];
  // No law tells more than 14 bits of a sample apart.
  const encoded = [...g711("mulaw").encode(Int16Array.from({ length: 1 << 14 }, (_, index) => (index << 2) - 32_768))];
  return `
    const decoded = ${JSON.stringify(decoded)};
    const encoded = ${JSON.stringify(encoded)};
    window.alawmulaw = { mulaw: {
      encode: (samples) => Uint8Array.from(samples, (sample) => encoded[(sample + 32768) >> 2]),
      decode: (bytes) => Int16Array.from(bytes, (byte) => decoded[byte]),
    } };`;
}
