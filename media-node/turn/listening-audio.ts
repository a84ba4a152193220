/** A handler's input as voice activity detection takes it: 16 kHz, and next to free while there is nothing to hear. */
import { isDigitalSilence } from "../audio/frame.ts";
import { Resampler } from "../audio/resample.ts";

const VAD_RATE = 16_000;

export class ListeningAudio {
  readonly #rate: number;
  readonly #resampler: Resampler | undefined;
  #last: "sound" | "silence" = "sound";

  /** @param sampleRate of the handler's input. */
  constructor(sampleRate: number) {
    this.#rate = sampleRate;
    if (sampleRate !== VAD_RATE) this.#resampler = new Resampler(sampleRate, VAD_RATE);
  }

  /** The same audio at 16 kHz. */
  convert(samples: Int16Array): Int16Array {
    if (this.#resampler === undefined) return samples;
    const length = (samples.length * VAD_RATE) / this.#rate;
    const before = this.#last;
    this.#last = isDigitalSilence(samples) ? "silence" : "sound";
    // The first silent piece still carries the filter's memory of what was heard; after it silence converts to itself.
    if (this.#last === "silence" && before === "silence" && Number.isInteger(length)) return new Int16Array(length);
    return this.#resampler.process(samples);
  }
}
