/** Kokoro itself: phonemes in, 24 kHz samples out. Blocks the thread it runs on; see {@link KokoroTts}. */
import { readFile, stat } from "node:fs/promises";
import * as ort from "onnxruntime-node";
import type { NativeGate } from "../../native-gate.ts";
import { symbolNumbers } from "./symbols.ts";
import { trimSilence } from "./trim.ts";

export const KOKORO_SAMPLE_RATE = 24_000;

/** Symbols of one run; longer texts are cut between words. */
const MAX_SYMBOLS = 509;
/** At both ends of every text. */
const PADDING = 0n;
/** A voice is a list of styles, one for each length of text. */
const STYLE_NUMBERS = 256;

const SESSION: ort.InferenceSession.SessionOptions = {
  // A second thread takes twice the CPU for a tenth of the time.
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: "sequential",
  logSeverityLevel: 3,
};

export class Kokoro {
  readonly #session: ort.InferenceSession;
  readonly #gate: NativeGate;
  /** By their files: half a megabyte each. */
  readonly #voices = new Map<string, Float32Array>();

  private constructor(session: ort.InferenceSession, gate: NativeGate) {
    this.#session = session;
    this.#gate = gate;
  }

  /** @param weights files that together are the model. @param gate all native code runs inside it. */
  static async load(weights: readonly string[], gate: NativeGate): Promise<Kokoro> {
    const model = await joined(weights);
    return new Kokoro(await gate.run(() => ort.InferenceSession.create(model, SESSION)), gate);
  }

  /**
   * @param voiceFile a file of styles, one after the other.
   * @param speed 0.5 to 2.
   * @param signal aborted, what is not spoken yet is left out.
   */
  async speak(phonemes: string, voiceFile: string, speed: number, signal: AbortSignal): Promise<Float32Array[]> {
    const voice = await this.#voice(voiceFile);
    const pieces: Float32Array[] = [];
    for (const symbols of runs(phonemes)) {
      if (signal.aborted) break;
      const feeds = {
        tokens: new ort.Tensor("int64", BigInt64Array.from([PADDING, ...symbols.map(BigInt), PADDING]), [
          1,
          symbols.length + 2,
        ]),
        style: new ort.Tensor("float32", styleOf(voice, symbols.length), [1, STYLE_NUMBERS]),
        speed: new ort.Tensor("float32", Float32Array.of(speed), [1]),
      };
      const { audio } = await this.#gate.run(() => this.#session.run(feeds));
      if (!(audio instanceof ort.Tensor) || !(audio.data instanceof Float32Array))
        throw new Error("This is no Kokoro.");
      pieces.push(trimSilence(audio.data));
    }
    return pieces;
  }

  async #voice(file: string): Promise<Float32Array> {
    const kept = this.#voices.get(file);
    if (kept !== undefined) return kept;
    const bytes = await readFile(file);
    const voice = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
    this.#voices.set(file, voice);
    return voice;
  }
}

/** The contents of files one after the other, with no more than one of them in memory twice. */
async function joined(paths: readonly string[]): Promise<Buffer> {
  const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size));
  const whole = Buffer.alloc(sizes.reduce((sum, size) => sum + size, 0));
  let at = 0;
  for (const path of paths) at += (await readFile(path)).copy(whole, at);
  return whole;
}

/** The style for a text of so many symbols; the last one serves for longer texts. */
function styleOf(voice: Float32Array, symbols: number): Float32Array {
  const styles = voice.length / STYLE_NUMBERS;
  const at = Math.min(symbols, styles - 1) * STYLE_NUMBERS;
  return voice.slice(at, at + STYLE_NUMBERS);
}

/** Texts short enough for one run, cut at marks if possible, else between words, else anywhere. */
export function runs(phonemes: string): number[][] {
  const found: number[][] = [];
  let rest = phonemes.trim();
  while (rest !== "") {
    const cut = rest.length <= MAX_SYMBOLS ? rest.length : cutAt(rest);
    const symbols = symbolNumbers(rest.slice(0, cut).trim());
    if (symbols.length > 0) found.push(symbols);
    rest = rest.slice(cut).trim();
  }
  return found;
}

function cutAt(phonemes: string): number {
  const head = phonemes.slice(0, MAX_SYMBOLS);
  for (const mark of [/.*[.!?…;:]/su, /.*,/su, /.* /su]) {
    const length = mark.exec(head)?.[0].length ?? 0;
    if (length > 0) return length;
  }
  return MAX_SYMBOLS;
}
