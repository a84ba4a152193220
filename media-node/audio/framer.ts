/** Cuts audio of any rate and length into frames of 20 ms for an encoder; what is left over waits for what follows. */
import type { AudioEncoder } from "./audio-encoder.ts";
import { Clip, type Share, type Watcher } from "./clip.ts";
import { type AudioFrame, toInt16, toMono } from "./frame.ts";
import { Resampler, resample } from "./resample.ts";

/** A frame for its encoder, and whose audio it is. */
export interface EncoderFrame {
  readonly samples: Int16Array;
  readonly encoder: AudioEncoder;
  readonly shares: readonly Share[];
}

const NOTHING: readonly Share[] = [];

export class Framer {
  #rest: Int16Array = new Int16Array(0);
  #restEncoder: AudioEncoder | undefined;
  #restShares = NOTHING;
  #resampler: Resampler | undefined;

  /** True while something is left over. */
  get hasRest(): boolean {
    return this.#rest.length > 0;
  }

  get restShares(): readonly Share[] {
    return this.#restShares;
  }

  /**
   * Takes audio.
   * @param encoder takes `encoderRate` samples a second.
   * @returns the frames that are full now.
   */
  add(audio: AudioFrame, encoder: AudioEncoder, encoderRate: number, watcher?: Watcher): EncoderFrame[] {
    const samples = this.#resample(toInt16(toMono(audio)), audio.sampleRate, encoderRate);
    return this.#cut(samples, encoder, watcher && new Clip(watcher, samples.length));
  }

  /** Fills up what is left over with silence: nothing follows. */
  flush(): EncoderFrame | undefined {
    const encoder = this.#restEncoder;
    const shares = this.#restShares;
    const rest = this.#rest;
    this.#dropRest();
    if (encoder === undefined || rest.length === 0) return undefined;
    const padded = new Int16Array(encoder.frameSize);
    padded.set(rest);
    return { samples: padded, encoder, shares };
  }

  /** Drops what is left over: what follows does not belong to it. */
  clear(): void {
    this.#dropRest();
    this.#resampler = undefined;
  }

  #resample(samples: Int16Array, from: number, to: number): Int16Array {
    if (from === to) return samples;
    if (this.#resampler?.fromRate !== from || this.#resampler.toRate !== to) {
      this.#resampler = new Resampler(from, to);
    }
    return this.#resampler.process(samples);
  }

  #cut(samples: Int16Array, encoder: AudioEncoder, clip: Clip | undefined): EncoderFrame[] {
    if (this.#restEncoder !== encoder) this.#carryRest(encoder);
    const { frameSize } = encoder;
    const frames: EncoderFrame[] = [];
    const shares = (count: number): readonly Share[] => (clip === undefined ? NOTHING : [{ clip, samples: count }]);
    let offset = 0;
    if (this.#rest.length > 0) {
      offset = Math.min(frameSize - this.#rest.length, samples.length);
      const joined = new Int16Array(this.#rest.length + offset);
      joined.set(this.#rest);
      joined.set(samples.subarray(0, offset), this.#rest.length);
      const joinedShares = [...this.#restShares, ...shares(offset)];
      if (joined.length < frameSize) {
        this.#keepRest(joined, encoder, joinedShares);
        return frames;
      }
      frames.push({ samples: joined, encoder, shares: joinedShares });
      this.#dropRest();
    }
    for (; offset + frameSize <= samples.length; offset += frameSize)
      frames.push({ samples: samples.subarray(offset, offset + frameSize), encoder, shares: shares(frameSize) });
    if (offset < samples.length) this.#keepRest(samples.slice(offset), encoder, shares(samples.length - offset));
    return frames;
  }

  /** The rate changes in the middle of a frame: what is left over goes along, so that there is no gap. */
  #carryRest(encoder: AudioEncoder): void {
    const before = this.#restEncoder;
    if (before === undefined || this.#rest.length === 0) return;
    this.#rest = resample(this.#rest, before.frameSize, encoder.frameSize);
    this.#restEncoder = encoder;
  }

  #keepRest(samples: Int16Array, encoder: AudioEncoder, shares: readonly Share[]): void {
    this.#rest = samples;
    this.#restEncoder = encoder;
    this.#restShares = shares;
  }

  #dropRest(): void {
    this.#rest = new Int16Array(0);
    this.#restEncoder = undefined;
    this.#restShares = NOTHING;
  }
}
