/** Keeps the audio of the turn that is going on, with some of what came before it. */
import { type AudioFrame, frameDurationMs, toInt16, toMono } from "../audio/frame.ts";

/** Kept from before the detector noticed: its own 64 ms, the way to it and back, and a soft first syllable. */
export const PRE_ROLL_MS = 320;
/** Of the silence that ended the turn this much stays: speech models want a little, listeners none. */
const TAIL_MS = 160;

export class TurnRecorder {
  #frames: AudioFrame[] = [];
  #durationMs = 0;
  #mode: "rolling" | "recording" = "rolling";

  push(frame: AudioFrame): void {
    this.#frames.push(frame);
    this.#durationMs += frameDurationMs(frame);
    if (this.#mode === "rolling") this.#trim();
  }

  /** Keeps everything from now on, and the pre-roll. */
  begin(): void {
    this.#mode = "recording";
  }

  /** Forgets the turn; the pre-roll rolls on. */
  discard(): void {
    this.#mode = "rolling";
    this.#trim();
  }

  /** What was recorded, as one frame, without the last `silenceMs` of it but a short tail; nothing is kept. */
  take(sampleRate: number, silenceMs: number): AudioFrame {
    const taken = this.peek(sampleRate, silenceMs);
    this.#frames = [];
    this.#durationMs = 0;
    this.#mode = "rolling";
    return taken;
  }

  /** The same, and all of it is kept. */
  peek(sampleRate: number, silenceMs: number): AudioFrame {
    const pieces = this.#frames.map((frame) => toInt16(toMono(frame)));
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    const cut = Math.floor((Math.max(0, silenceMs - TAIL_MS) / 1_000) * sampleRate);
    const samples = new Int16Array(length);
    let offset = 0;
    for (const piece of pieces) {
      samples.set(piece, offset);
      offset += piece.length;
    }
    return { sampleRate, samples: samples.subarray(0, Math.max(0, length - cut)) };
  }

  #trim(): void {
    while (this.#durationMs > PRE_ROLL_MS) {
      const first = this.#frames.shift();
      if (first === undefined) return;
      this.#durationMs -= frameDurationMs(first);
    }
  }
}
