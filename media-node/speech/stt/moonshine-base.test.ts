import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readWav } from "../../audio/wav.ts";
import { models } from "../../models/index.ts";
import { Speech } from "../speech.ts";
import { type GraphValue, onnxModel } from "../testing/onnx-graph.ts";
import { wordErrors } from "../word-errors.ts";
import { MoonshineStt } from "./moonshine-stt.ts";

const fixture = (name: string) => new URL(`../../../test/fixtures/speech/${name}`, import.meta.url);
const cached = (await models.list()).find(({ name }) => name === "moonshine-base-en")?.state === "ready";

/** Base has eight layers of eight heads of 52 numbers; tiny six, eight and 36. */
const LAYERS = 8;
const HEAD = 52;
const BEGIN = 1;
const END = 2;
const PIECES = ["<unk>", "<s>", "</s>", "▁Hello", "▁from", "▁base"];

const caches = (prefix: string): GraphValue[] =>
  Array.from({ length: LAYERS }, (_, layer) => layer).flatMap((layer) =>
    ["decoder.key", "decoder.value", "encoder.key", "encoder.value"].map((part) => ({
      name: `${prefix}.${layer}.${part}`,
      type: "float32" as const,
      shape: ["batch", 8, "length", HEAD],
    })),
  );

function encoder(): Uint8Array {
  return onnxModel({
    inputs: [{ name: "input_values", type: "float32", shape: ["batch", "samples"] }],
    outputs: [{ name: "last_hidden_state", type: "float32", shape: ["batch", "samples"] }],
    nodes: [{ op: "Identity", inputs: ["input_values"], output: "last_hidden_state" }],
  });
}

/** Each token is followed by the next of `PIECES`, the last by the end. */
function decoder(): Uint8Array {
  const follows = new Float32Array(PIECES.length ** 2);
  const order = [BEGIN, 3, 4, 5, END];
  for (const [i, token] of order.entries()) follows[token * PIECES.length + (order[i + 1] ?? END)] = 1;
  return onnxModel({
    inputs: [
      { name: "input_ids", type: "int64", shape: ["batch", "tokens"] },
      { name: "encoder_hidden_states", type: "float32", shape: ["batch", "samples"] },
      ...caches("past_key_values"),
      { name: "use_cache_branch", type: "bool", shape: [1] },
    ],
    outputs: [{ name: "logits", type: "float32", shape: ["batch", "tokens", PIECES.length] }, ...caches("present")],
    nodes: [
      { op: "Gather", inputs: ["follows", "input_ids"], output: "logits" },
      ...caches("present").map(({ name }) => ({
        op: "Identity" as const,
        inputs: [name.replace("present", "past_key_values")],
        output: name,
      })),
    ],
    constants: { follows: { shape: [PIECES.length, PIECES.length], data: follows } },
  });
}

describe("Moonshine base, a stand-in of its shape", () => {
  let folder: string;
  let stt: MoonshineStt;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "edgertc-base-"));
    const vocabulary = Buffer.from(PIECES.join("\n")).toString("base64");
    const files = { encoder: encoder(), decoder: decoder(), tokenizer: `const llama_vocab_base64 = "${vocabulary}";` };
    for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
    const data = Object.fromEntries(Object.keys(files).map((name) => [name, join(folder, name)]));
    stt = new MoonshineStt({
      size: "base",
      load: async () => ({ url: new URL("./worker.ts", import.meta.url), data }),
    });
  });
  afterAll(async () => {
    await stt.close();
    await rm(folder, { recursive: true });
  });

  it("row 69: is run by what runs tiny: the shapes are read from its files", async () => {
    const samples = Int16Array.from({ length: 32_000 }, (_, i) => 5_000 * Math.sin(i / 9));
    expect(await stt.transcribe({ sampleRate: 16_000, samples })).toBe("Hello from base");
  }, 30_000);
});

describe.skipIf(!cached)("Moonshine base, really (where it is cached: edgertc models pull moonshine-base-en)", () => {
  const speech = new Speech();
  afterAll(() => speech.close());

  it("understands people", async () => {
    const stt = speech.getSTTModel("moonshine/base");
    const said: Record<string, string> = JSON.parse(await readFile(fixture("transcripts.json"), "utf8"));
    let [errors, words] = [0, 0];
    for (const [name, text] of Object.entries(said)) {
      const result = wordErrors(text, await stt.stt(readWav(await readFile(fixture(name)))));
      errors += result.errors;
      words += result.words;
    }
    expect(errors / words).toBeLessThanOrEqual(0.1);
  }, 120_000);
});
