/** Entry of a process that tries an OpenH264: says its version if a picture gets through it, dies or fails if not. */
import { i420Bytes } from "../../convert.ts";
import { createH264Decoder } from "./decoder.ts";
import { createH264Encoder } from "./encoder.ts";
import { OpenH264 } from "./open-h264.ts";

const [WIDTH, HEIGHT] = [64, 48];
const GREY = 120;

async function probe(file: string): Promise<string> {
  const library = await OpenH264.load(file);
  const encoder = createH264Encoder({ codec: "h264", bitsPerSecond: 500_000 }, library);
  const decoder = createH264Decoder(() => undefined, library);
  const data = new Uint8Array(i420Bytes(WIDTH, HEIGHT)).fill(GREY);
  const encoded = await (await encoder).encode({ data, width: WIDTH, height: HEIGHT, format: "i420", timestampUs: 0 });
  const picture = encoded === undefined ? undefined : await (await decoder).decode(encoded);
  const seen = picture?.data[0] ?? 0;
  if (picture?.width !== WIDTH || picture.height !== HEIGHT || Math.abs(seen - GREY) > 5) {
    throw new Error("a picture does not come back as it was");
  }
  return library.version;
}

probe(process.argv[2] ?? "").then(
  (version) => console.log(version),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  },
);
