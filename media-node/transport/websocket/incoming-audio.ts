/**
 * A client's audio as it comes over a WebSocket, in pieces of any length, made into frames for the handler: at its rate, and
 * without gaps, for whoever listens for the end of speech has to hear the silence that a client may leave out.
 */
import { MAX_SOCKET_AUDIO_AHEAD_MS } from "../../../shared/limits.ts";
import type { AudioFrame } from "../../audio/frame.ts";
import { FRAME_MS } from "../../audio/opus.ts";
import { Resampler } from "../../audio/resample.ts";
import type { Clock, Timer } from "../../time/clock.ts";
import type { ListenFormat } from "../media-transport.ts";

/** Without audio for this long, silence is filled in: longer than networks hold it back. As over WebRTC. */
const STARVED_MS = 500;
/** Silence filled in for one gap at most: any turn has ended by then. */
const MAX_FILL_MS = 2_000;
/** A message is handed on in this many frames at most, so that a long one does not fill the handler's queue. */
const MAX_FRAMES = 50;

export interface IncomingAudioOptions extends ListenFormat {
  readonly clock: Clock;
  /** Samples per second of what comes. */
  readonly sourceRate: number;
  readonly onFrame: (frame: AudioFrame) => void;
}

export class IncomingAudio {
  readonly #options: IncomingAudioOptions;
  readonly #resampler: Resampler | undefined;
  /** When what has come is heard to its end. */
  #endsMs: number;
  #filledMs = MAX_FILL_MS;
  #timer: Timer | undefined;

  constructor(options: IncomingAudioOptions) {
    this.#options = options;
    const { clock, sampleRate, sourceRate } = options;
    if (sampleRate !== sourceRate) this.#resampler = new Resampler(sourceRate, sampleRate);
    this.#endsMs = clock.nowMs();
    this.#watch();
  }

  /** @param samples mono, at the source's rate. @returns false where they are too far ahead of their time, and dropped. */
  push(samples: Int16Array): boolean {
    const { clock, sourceRate } = this.#options;
    const nowMs = clock.nowMs();
    const startsMs = Math.max(nowMs, this.#endsMs);
    if (startsMs - nowMs > MAX_SOCKET_AUDIO_AHEAD_MS) return false;
    this.#endsMs = startsMs + (samples.length / sourceRate) * 1_000;
    this.#filledMs = 0;
    this.#deliver(samples);
    return true;
  }

  close(): void {
    this.#timer?.cancel();
  }

  #watch(): void {
    const { clock, sourceRate } = this.#options;
    this.#timer = clock.after(STARVED_MS / 2, () => {
      const quietMs = clock.nowMs() - this.#endsMs;
      if (quietMs >= STARVED_MS && this.#filledMs < MAX_FILL_MS) {
        const fillMs = Math.floor(Math.min(quietMs, MAX_FILL_MS) - this.#filledMs);
        this.#filledMs += fillMs;
        this.#deliver(new Int16Array(Math.round((fillMs * sourceRate) / 1_000)));
      }
      this.#watch();
    });
  }

  #deliver(samples: Int16Array): void {
    const { sampleRate, channels, onFrame } = this.#options;
    const mono = this.#resampler?.process(samples) ?? samples;
    const frameSize = Math.max((sampleRate * FRAME_MS) / 1_000, Math.ceil(mono.length / MAX_FRAMES));
    for (let start = 0; start < mono.length; start += frameSize) {
      const frame = mono.subarray(start, start + frameSize);
      onFrame({ sampleRate, samples: channels === 2 ? doubled(frame) : frame, channels });
    }
  }
}

/** The same on both sides. */
function doubled(mono: Int16Array): Int16Array {
  const samples = new Int16Array(mono.length * 2);
  for (let i = 0; i < samples.length; i++) samples[i] = mono[i >> 1] ?? 0;
  return samples;
}
