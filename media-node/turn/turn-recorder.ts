/** Keeps the audio of the turn that is going on, with some of what came before it. */
import type { AudioFrame } from "../audio/frame.ts";
import { SampleBuffer } from "../audio/sample-buffer.ts";

/** Kept from before the detector noticed: its own 64 ms, the way to it and back, and a soft first syllable. */
export const PRE_ROLL_MS = 320;
/** Of the silence that ended the turn this much stays: speech models want a little, listeners none. */
const TAIL_MS = 160;

/** Samples are copied, not their frames kept: hundreds of small pieces of memory that live for seconds are what garbage collection costs most for. */
export class TurnRecorder {
  readonly #sampleRate: number;
  readonly #samples = new SampleBuffer();
  #mode: "rolling" | "recording" = "rolling";

  /** @param sampleRate of all that is pushed. */
  constructor(sampleRate: number) {
    this.#sampleRate = sampleRate;
  }

  /** @param samples one channel. */
  push(samples: Int16Array): void {
    this.#samples.append(samples);
    // At twice its length: so that not each frame moves all of them.
    if (this.#mode === "rolling" && this.#samples.length > 2 * this.#preRoll) this.#trim();
  }

  /** Keeps everything from now on, and the pre-roll. */
  begin(): void {
    if (this.#mode === "rolling") this.#trim();
    this.#mode = "recording";
  }

  /** Forgets the turn; the pre-roll rolls on. */
  discard(): void {
    this.#mode = "rolling";
    this.#trim();
  }

  /** What was recorded, as one frame, without the last `silenceMs` of it but a short tail; nothing is kept. */
  take(silenceMs: number): AudioFrame {
    const taken = this.peek(silenceMs);
    this.#samples.clear();
    this.#mode = "rolling";
    return taken;
  }

  /** The same, and all of it is kept. */
  peek(silenceMs: number): AudioFrame {
    if (this.#mode === "rolling") this.#trim();
    const { view } = this.#samples;
    const cut = Math.floor((Math.max(0, silenceMs - TAIL_MS) / 1_000) * this.#sampleRate);
    return { sampleRate: this.#sampleRate, samples: view.slice(0, Math.max(0, view.length - cut)) };
  }

  get #preRoll(): number {
    return (PRE_ROLL_MS / 1_000) * this.#sampleRate;
  }

  #trim(): void {
    this.#samples.keepLast(Math.floor(this.#preRoll));
  }
}
