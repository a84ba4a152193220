/** What a piece of audio is, and the conversions between its two sample formats, with FastRTC's conventions. */

/** A piece of PCM audio of any length. */
export interface AudioFrame {
  /** Samples per second and channel. */
  readonly sampleRate: number;
  /** Int16 in −32768…32767, or Float32 in −1…1; two channels are interleaved (left, right, left, …). */
  readonly samples: Int16Array | Float32Array;
  /** Default 1. */
  readonly channels?: 1 | 2;
}

/** Audio of the client's: always Int16. */
export interface HeardFrame extends AudioFrame {
  readonly samples: Int16Array;
}

/** Anything that takes audio takes this. */
export type AudioInput = AudioFrame;

/** Float32 is divided and Int16 multiplied by different numbers: FastRTC's `audio_to_float32` and `audio_to_int16`. */
const INT16_DIVISOR = 32_768;
const FLOAT32_FACTOR = 32_767;

/** Int16 samples as Float32 in −1…1; Float32 samples are returned as they are, not copied. */
export function toFloat32(samples: Int16Array | Float32Array): Float32Array {
  if (samples instanceof Float32Array) return samples;
  const out = new Float32Array(samples.length);
  for (let i = 0; i < samples.length; i++) out[i] = (samples[i] ?? 0) / INT16_DIVISOR;
  return out;
}

/** Float32 samples as Int16: times 32767, truncated, clipped where FastRTC would wrap around. Int16 is not copied. */
export function toInt16(samples: Int16Array | Float32Array): Int16Array {
  if (samples instanceof Int16Array) return samples;
  const out = new Int16Array(samples.length);
  for (let i = 0; i < samples.length; i++) {
    out[i] = Math.max(-32_768, Math.min(32_767, (samples[i] ?? 0) * FLOAT32_FACTOR));
  }
  return out;
}

/** The frame with Int16 samples; as it is where it has them. */
export function toHeardFrame(frame: AudioFrame): HeardFrame {
  return isHeard(frame) ? frame : { ...frame, samples: toInt16(frame.samples) };
}

function isHeard(frame: AudioFrame): frame is HeardFrame {
  return frame.samples instanceof Int16Array;
}

/** The frame's samples as one channel: the mean of two. One channel is returned as it is, not copied. */
export function toMono(frame: AudioFrame): Int16Array | Float32Array {
  const { samples } = frame;
  if ((frame.channels ?? 1) === 1) return samples;
  const length = samples.length >> 1;
  const out = samples instanceof Int16Array ? new Int16Array(length) : new Float32Array(length);
  for (let i = 0; i < length; i++) out[i] = ((samples[2 * i] ?? 0) + (samples[2 * i + 1] ?? 0)) / 2;
  return out;
}

/** The frame with one channel of Int16 samples; as it is where it has them. */
export function toMonoFrame(frame: AudioFrame): HeardFrame {
  if ((frame.channels ?? 1) === 1) return toHeardFrame(frame);
  return { sampleRate: frame.sampleRate, samples: toInt16(toMono(frame)) };
}

/** Length of the frame in milliseconds. */
export function frameDurationMs(frame: AudioFrame): number {
  return (frame.samples.length / (frame.channels ?? 1) / frame.sampleRate) * 1_000;
}

/** No sample above this, −72 dB: what a muted microphone or its noise suppression sends. */
const DIGITAL_SILENCE_PEAK = 8;

/** True where there is nothing to hear and nothing to infer. */
export function isDigitalSilence(samples: Int16Array): boolean {
  // A plain loop: `every` takes seven times as long, and whoever listens asks twice for each frame.
  for (let i = 0; i < samples.length; i++) {
    const sample = samples[i] ?? 0;
    if (sample > DIGITAL_SILENCE_PEAK || sample < -DIGITAL_SILENCE_PEAK) return false;
  }
  return true;
}
