/** The last moments of a session as they were heard: frames and windows in the order they came, to be heard again. */
import { type AudioFrame, frameDurationMs, toInt16, toMono } from "../../audio/frame.ts";
import { SampleBuffer } from "../../audio/sample-buffer.ts";

/** FastRTC's: what is transcribed at most in search of a stop word. */
const WINDOW_MS = 2_000;

/** A frame of the user's audio, or what the detector said of a window. */
export type Heard = { readonly frame: AudioFrame } | { readonly probability: number };

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

  /** The present, as a position for {@link since}. */
  get position(): number {
    return this.#dropped + this.#entries.length;
  }

  /** What came after a position, as far as it is still there; from 0 on: all there is. */
  since(position: number): readonly Heard[] {
    return this.#entries.slice(Math.max(0, position - this.#dropped));
  }

  /** All of the audio. */
  audio(sampleRate: number): AudioFrame {
    const samples = new SampleBuffer();
    for (const entry of this.#entries) if ("frame" in entry) samples.append(toInt16(toMono(entry.frame)));
    return { sampleRate, samples: samples.view };
  }
}
