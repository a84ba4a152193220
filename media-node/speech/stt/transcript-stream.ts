/**
 * Words while they are being said, from a model that takes whole pieces: what was said so far is transcribed again and again, ever
 * less often as it grows, so that it costs about four times what a single transcription does. In the engine's spare time only.
 */
import { EdgeRtcError } from "../../../shared/errors.ts";
import { type AudioInput, toFloat32, toInt16, toMono } from "../../audio/frame.ts";
import { Resampler } from "../../audio/resample.ts";
import { SampleBuffer } from "../../audio/sample-buffer.ts";
import { checkAudio } from "./check-audio.ts";
import { quietest } from "./segments.ts";
import type { Transcript } from "./stt-model.ts";

const RATE = 16_000;
/** New audio before the words are looked at again. */
const STEP_SAMPLES = 0.5 * RATE;
/** And this much more than what they were looked at in. */
const GROWTH = 1.25;
/** Longer speech is cut where it is quietest, and what is before the cut is final. */
const MAX_PIECE_SAMPLES = 10 * RATE;
const CUT_SEARCH_SAMPLES = 4 * RATE;

/** @param spare nobody waits for it: it may fail as `stt_overloaded`. */
export type Transcribe = (audio: AudioInput, spare: boolean, signal: AbortSignal) => Promise<string>;

/** The model's `stream`. See {@link STTModel}. */
export function transcribeStream(
  audio: AsyncIterable<AudioInput>,
  transcribe: Transcribe,
  signal?: AbortSignal,
): AsyncIterableIterator<Transcript> {
  return new TranscriptStream(audio, transcribe, signal);
}

class TranscriptStream implements AsyncIterableIterator<Transcript> {
  readonly #audio: AsyncIterator<AudioInput>;
  readonly #transcribe: Transcribe;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #heard = new SampleBuffer();
  /** Of frames that are not at 16 kHz; made for the first. */
  #resampler: Resampler | undefined;
  #sampleRate: number | undefined;
  /** What there was of the piece when its words were looked at last. */
  #lookedAt = 0;
  #lastText = "";
  #reading: Promise<IteratorResult<AudioInput>> | undefined;
  #looking: Promise<string | undefined> | undefined;
  #state: "open" | "ended" | "done" = "open";

  constructor(audio: AsyncIterable<AudioInput>, transcribe: Transcribe, signal: AbortSignal | undefined) {
    this.#audio = audio[Symbol.asyncIterator]();
    this.#transcribe = transcribe;
    this.#signal = signal === undefined ? this.#stop.signal : AbortSignal.any([signal, this.#stop.signal]);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** To be awaited before it is called again. */
  async next(): Promise<IteratorResult<Transcript, undefined>> {
    try {
      while (this.#state !== "done") {
        this.#signal.throwIfAborted();
        const transcript = await this.#step();
        if (transcript !== undefined) return { done: false, value: transcript };
      }
      return { done: true, value: undefined };
    } catch (error) {
      const wanted = this.#state !== "done";
      this.#end();
      if (wanted) throw error;
      return { done: true, value: undefined };
    }
  }

  async return(): Promise<IteratorResult<Transcript, undefined>> {
    this.#end();
    return { done: true, value: undefined };
  }

  /** Reads a frame, or waits for words, whichever comes first; what there is to tell then. */
  async #step(): Promise<Transcript | undefined> {
    if (this.#heard.length > MAX_PIECE_SAMPLES && this.#looking === undefined) return await this.#cut();
    if (this.#state === "ended") return await this.#last();
    if (this.#looking === undefined && this.#grownEnough) this.#look();
    this.#reading ??= this.#audio.next();
    const frame = this.#reading.then((result) => ({ kind: "frame", result }) as const);
    const looked = this.#looking?.then((text) => ({ kind: "looked", text }) as const);
    const first = await untilAborted(Promise.race(looked === undefined ? [frame] : [frame, looked]), this.#signal);
    if (first.kind === "looked") {
      this.#looking = undefined;
      if (first.text === undefined || first.text === this.#lastText) return undefined;
      this.#lastText = first.text;
      return { text: first.text, final: false };
    }
    this.#reading = undefined;
    if (first.result.done === true) this.#state = "ended";
    else this.#hear(first.result.value);
    return undefined;
  }

  get #grownEnough(): boolean {
    const { length } = this.#heard;
    return length >= this.#lookedAt + STEP_SAMPLES && length >= this.#lookedAt * GROWTH;
  }

  #look(): void {
    this.#lookedAt = this.#heard.length;
    const words = this.#transcribe({ sampleRate: RATE, samples: this.#heard.view.slice() }, true, this.#signal);
    // The engine is busy with what somebody waits for: the next look is as good.
    this.#looking = words.catch((error: unknown) => {
      if (error instanceof EdgeRtcError && error.code === "stt_overloaded") return undefined;
      throw error;
    });
    this.#looking.catch(ignore);
  }

  /** The beginning of a long piece, for good. */
  async #cut(): Promise<Transcript> {
    const { view } = this.#heard;
    const to = Math.min(view.length, MAX_PIECE_SAMPLES);
    const at = quietest(toFloat32(view.subarray(0, to)), to - CUT_SEARCH_SAMPLES, to, RATE);
    const samples = view.slice(0, at);
    this.#heard.keepLast(view.length - at);
    this.#lookedAt = 0;
    this.#lastText = "";
    const text = await untilAborted(this.#transcribe({ sampleRate: RATE, samples }, false, this.#signal), this.#signal);
    return { text, final: true };
  }

  async #last(): Promise<Transcript> {
    const samples = this.#heard.view.slice();
    const text = await untilAborted(this.#transcribe({ sampleRate: RATE, samples }, false, this.#signal), this.#signal);
    this.#state = "done";
    return { text, final: true };
  }

  #hear(frame: AudioInput): void {
    checkAudio(frame);
    this.#sampleRate ??= frame.sampleRate;
    if (frame.sampleRate !== this.#sampleRate) {
      throw new EdgeRtcError(
        "invalid_audio",
        `The audio's sample rate changed from ${this.#sampleRate} to ${frame.sampleRate}.`,
      );
    }
    const mono = toInt16(toMono(frame));
    if (frame.sampleRate !== RATE) this.#resampler ??= new Resampler(frame.sampleRate, RATE);
    this.#heard.append(this.#resampler?.process(mono) ?? mono);
  }

  #end(): void {
    if (this.#state === "done") return;
    this.#state = "done";
    this.#stop.abort(new DOMException("The transcript is not wanted any more.", "AbortError"));
    this.#heard.clear();
    // Told, not awaited: it may wait for audio that never comes.
    Promise.resolve(this.#audio.return?.()).catch(ignore);
  }
}

/** The promise's outcome, or the signal's reason if that comes first. */
async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  promise.catch(ignore);
  try {
    signal.throwIfAborted();
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

function ignore(): void {
  // Nobody waits for it.
}
