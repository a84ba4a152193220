/** The last moments of a session as they were heard: frames and windows in the order they came, to be heard again. */
import { type AudioFrame, frameDurationMs, type HeardFrame } from "../../audio/frame.ts";
import { SampleBuffer } from "../../audio/sample-buffer.ts";

/** FastRTC's: what is transcribed at most in search of a stop word. */
const WINDOW_MS = 2_000;

/** Shortly: the detector's delay, and a soft first syllable. */
const PAD_MS = 320;

/** A frame of the user's audio, of one channel, or what the detector said of a window. */
export type Heard = { readonly frame: HeardFrame } | { readonly probability: number };

export class RecentSound {
  #entries: Heard[] = [];
  #durationMs = 0;
  /** Entries that are gone. */
  #dropped = 0;

  push(entry: Heard): void {
    this.#entries.push(entry);
    if ("frame" in entry) this.#durationMs += frameDurationMs(entry.frame);
    while (this.#durationMs > WINDOW_MS) {
      const first = this.#entries.shift();
      if (first === undefined) return;
      this.#dropped += 1;
      if ("frame" in first) this.#durationMs -= frameDurationMs(first.frame);
    }
  }

  /** The present, or a moment shortly before it, as a position for {@link since}. */
  position(when: "now" | "shortly_before"): number {
    let at = this.#entries.length;
    for (let leftMs = when === "now" ? 0 : PAD_MS; leftMs > 0 && at > 0; at--) {
      const entry = this.#entries[at - 1];
      if (entry !== undefined && "frame" in entry) leftMs -= frameDurationMs(entry.frame);
    }
    return this.#dropped + at;
  }

  /** What came after a position, as far as it is still there; from 0 on: all there is. */
  since(position: number): readonly Heard[] {
    return this.#entries.slice(Math.max(0, position - this.#dropped));
  }

  /**
   * The audio from shortly before the first speech on: of a word behind a long silence speech models make nothing.
   * @param threshold probability from which a window is speech.
   */
  speech(sampleRate: number, threshold: number): AudioFrame {
    const samples = new SampleBuffer();
    let isSpeech = false;
    for (const entry of this.#entries) {
      if ("frame" in entry) samples.append(entry.frame.samples);
      else if (entry.probability >= threshold) isSpeech = true;
      if (!isSpeech) samples.keepLast((PAD_MS / 1_000) * sampleRate);
    }
    return { sampleRate, samples: samples.view };
  }
}
