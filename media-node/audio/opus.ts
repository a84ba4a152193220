/** Opus as the product uses it: rates that need no resampling, and the encoder's settings. */
import {
  Application,
  createDecoder,
  createEncoder,
  type OpusDecoderHandle,
  type OpusEncoderHandle,
  type SampleRate,
} from "libopus-wasm";

export type { OpusDecoderHandle, OpusEncoderHandle };

/** RTP's clock for Opus, whatever the audio's own rate (RFC 7587). */
export const OPUS_CLOCK_RATE = 48_000;

/** 20 ms: what browsers send and FastRTC paces. */
export const FRAME_MS = 20;

const OPUS_RATES: readonly SampleRate[] = [8_000, 12_000, 16_000, 24_000, 48_000];

/** The rate itself where Opus codes it directly, else the lowest that loses nothing. */
export function opusRateFor(sampleRate: number): SampleRate {
  return OPUS_RATES.find((rate) => rate >= sampleRate) ?? 48_000;
}

/**
 * 48 kbit/s mono in Opus's CELT mode at complexity 4: a third of the CPU of its speech mode at 32 kbit/s (43 against 147 µs per
 * frame, docs/performance.md) at no audible loss, for 2 kB/s more. It has no in-band FEC: browsers conceal single losses.
 */
export function createSpeechEncoder(sampleRate: number): Promise<OpusEncoderHandle> {
  const rate = opusRateFor(sampleRate);
  return createEncoder({
    channels: 1,
    sampleRate: rate,
    application: Application.Audio,
    bitrate: 48_000,
    complexity: 4,
  });
}

export function createSpeechDecoder(sampleRate: SampleRate, channels: 1 | 2): Promise<OpusDecoderHandle> {
  return createDecoder({ sampleRate, channels });
}
