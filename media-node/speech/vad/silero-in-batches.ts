/**
 * Silero 6 for many windows of many sessions at once. The published graph convolves window by window, four columns at a time, which
 * keeps a processor from its best; here the same weights and the same arithmetic are products of large matrices, with a row for each
 * window or each of its frames. The published graph takes one window of each session; this one takes any number in one run:
 *
 * | input | numbers | shape | |
 * |---|---|---|---|
 * | `windows` | int16 | windows × 576 | the last 64 samples of the window before, the window; in any order |
 * | `order` | int32 | steps × sessions | which window is a session's first, its second, …; any, past its last |
 * | `lengths` | int32 | sessions | how many windows each has |
 * | `state` | float | sessions × 256 | the LSTM's hidden state, and its cell |
 *
 * `output` has a probability for each place in `order` (those past a session's last mean nothing), `stateN` is `state` after the last.
 */
import { DataType } from "../onnx/format.ts";
import { joined, matrix, repeated, scaled, transposed, type Weights } from "../onnx/matrix.ts";
import { ModelWriter, type Value } from "../onnx/model-writer.ts";
import { readModel } from "../onnx/read-model.ts";

/** The graph that is known, whatever its weights. */
const KNOWN_GRAPH = "e0a5e7321947fb3f7b955a34405b3a2371bb542523ea19b337e16529d1d44d74";

/** Samples: what the model is given of a session, how many of them are mirrored at the end, from one frame to the next. */
const INPUT = 576;
const MIRRORED = 64;
const HOP = 128;
/** Two hops long. */
const FRAMES = 4;
/** The convolutions see a frame and its two neighbours; those past the ends are zero. */
const TAPS = 3;
/** Floats of each of the two parts of a session's memory. */
const MEMORY = 128;
/** Of a sample. */
const INT16_SCALE = 1 / 32_768;
/** ONNX has an LSTM's gates in another order: input, output, forget, candidate. */
const ONNX_GATES = [0, 3, 1, 2];

interface Lstm {
  readonly input: Weights;
  readonly recurrent: Weights;
  readonly biases: readonly Weights[];
}

interface Layer {
  readonly kernel: Weights;
  readonly bias: Weights;
}

/** @returns the model as an ONNX file. @throws Error where `file` is another model than the one that is known here. */
export function inBatches(file: Uint8Array): Uint8Array {
  const { weights, graphDigest } = readModel(file);
  if (graphDigest !== KNOWN_GRAPH) {
    throw new Error(`The VAD model is another one than is known here: its graph has the digest ${graphDigest}.`);
  }
  const weight = (name: string): Weights => {
    const found = weights.get(`model.${name}`);
    if (found === undefined) throw new Error(`The VAD model has no weights named model.${name}.`);
    return found;
  };
  const encoder = (index: number): Layer => ({
    kernel: weight(`encoder.${index}.reparam_conv.weight`),
    bias: weight(`encoder.${index}.reparam_conv.bias`),
  });

  const graph = new ModelWriter();
  const samples = graph.op("Cast", [graph.input("windows", ["windows", INPUT], "int16")], { to: DataType.float });
  const order = graph.input("order", ["steps", "sessions"], "int32");
  const lengths = graph.input("lengths", ["sessions"], "int32");
  const state = graph.input("state", ["sessions", 2 * MEMORY]);
  let heard = spectra(graph, samples, scaled(weight("stft.forward_basis_buffer"), INT16_SCALE));
  heard = convolveFrames(graph, heard, encoder(0));
  heard = convolveWindows(graph, heard, encoder(1), { frames: FRAMES, stride: 2 });
  heard = convolveWindows(graph, heard, encoder(2), { frames: 2, stride: 2 });
  heard = convolveWindows(graph, heard, encoder(3), { frames: 1, stride: 1 });
  const hidden = remember(graph, graph.op("Gather", [heard, order]), lengths, state, {
    input: gates(weight("decoder.rnn.weight_ih")),
    recurrent: gates(weight("decoder.rnn.weight_hh")),
    biases: [gates(weight("decoder.rnn.bias_ih")), gates(weight("decoder.rnn.bias_hh"))],
  });
  const speech = linear(graph, graph.op("Relu", [hidden]), {
    kernel: transposed(weight("decoder.decoder.2.weight")),
    bias: weight("decoder.decoder.2.bias"),
  });
  graph.output("output", ["places", 1], graph.op("Sigmoid", [speech]));
  return graph.finish();
}

/** Samples → how strong each frequency is: for each window, for each frame. */
function spectra(graph: ModelWriter, audio: Value, basis: Weights): Value {
  const mirrored = graph.op("Pad", [audio, graph.integers(0, 0, 0, MIRRORED)], { mode: "reflect" });
  const hops = graph.op("Reshape", [mirrored, graph.integers(-1, FRAMES + 1, HOP)]);
  const frames = graph.op("Concat", [graph.slice(hops, 0, FRAMES), graph.slice(hops, 1, FRAMES + 1)], { axis: 2 });
  graph.split(graph.op("MatMul", [frames, graph.floats(transposed(basis))]), 2, ["real", "imaginary"]);
  const squares = ["real", "imaginary"].map((part) => graph.op("Mul", [part, part]));
  return graph.op("Sqrt", [graph.op("Add", squares)]);
}

/** A convolution with a row for each frame: the frame between its neighbours. The result has a row for each window. */
function convolveFrames(graph: ModelWriter, frames: Value, { kernel, bias }: Layer): Value {
  const [outputs = 0, inputs = 0] = kernel.shape;
  const padded = graph.op("Pad", [frames, graph.integers(0, 1, 0, 0, 1, 0)]);
  const neighbours = [0, 1, 2].map((tap) => graph.slice(padded, tap, tap + FRAMES));
  const rows = graph.op("Reshape", [graph.op("Concat", neighbours, { axis: 2 }), graph.integers(-1, TAPS * inputs)]);
  const product = linear(graph, rows, {
    kernel: matrix(TAPS * inputs, outputs, (row, output) =>
      weightOf(kernel, output, row % inputs, Math.floor(row / inputs)),
    ),
    bias,
  });
  return graph.op("Reshape", [graph.op("Relu", [product]), graph.integers(-1, FRAMES * outputs)]);
}

/**
 * A convolution with a row for each window, all its frames side by side. Where a frame is no neighbour the matrix is zero: worth it
 * where there are few frames.
 */
function convolveWindows(
  graph: ModelWriter,
  windows: Value,
  { kernel, bias }: Layer,
  { frames, stride }: { readonly frames: number; readonly stride: number },
): Value {
  const [outputs = 0, inputs = 0] = kernel.shape;
  const framesLeft = frames / stride;
  const product = linear(graph, windows, {
    kernel: matrix(frames * inputs, framesLeft * outputs, (row, column) => {
      const tap = Math.floor(row / inputs) - stride * Math.floor(column / outputs) + 1;
      return tap < 0 || tap >= TAPS ? 0 : weightOf(kernel, column % outputs, row % inputs, tap);
    }),
    bias: repeated(bias, framesLeft),
  });
  return graph.op("Relu", [product]);
}

/** The LSTM over each session's windows. Gives its hidden state after each, a row for each place in the order, and what is left in the end as `stateN`. */
function remember(
  graph: ModelWriter,
  heard: Value,
  lengths: Value,
  state: Value,
  { input, recurrent, biases }: Lstm,
): Value {
  const directions = graph.integers(0);
  graph.split(graph.op("Unsqueeze", [state, directions]), 2, ["hidden", "cell"]);
  const constants = [alone(input), alone(recurrent), alone(joined(...biases))].map((weights) => graph.floats(weights));
  const inputs = [heard, ...constants, lengths, "hidden", "cell"];
  graph.ops("LSTM", inputs, ["hiddenAll", "hiddenN", "cellN"], { hidden_size: MEMORY });
  const stateN = graph.op("Concat", ["hiddenN", "cellN"], { axis: 2 });
  graph.output("stateN", ["sessions", 2 * MEMORY], graph.op("Squeeze", [stateN, directions]));
  return graph.op("Reshape", ["hiddenAll", graph.integers(-1, MEMORY)]);
}

/** Of one direction. */
function alone({ shape, values }: Weights): Weights {
  return { shape: [1, ...shape], values };
}

function gates({ shape, values }: Weights): Weights {
  const size = values.length / ONNX_GATES.length;
  return {
    shape,
    values: Float32Array.from(
      values,
      (_, at) => values[(ONNX_GATES[Math.floor(at / size)] ?? 0) * size + (at % size)] ?? 0,
    ),
  };
}

function linear(graph: ModelWriter, rows: Value, { kernel, bias }: Layer): Value {
  return graph.op("Gemm", [rows, graph.floats(kernel), graph.floats(bias)]);
}

function weightOf({ shape, values }: Weights, output: number, input: number, tap: number): number {
  const [, inputs = 0, taps = 0] = shape;
  return values[(output * inputs + input) * taps + tap] ?? 0;
}
