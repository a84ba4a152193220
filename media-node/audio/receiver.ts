/**
 * A session's incoming audio: RTP packets in, a gapless run of PCM frames out.
 *
 * Lost packets are repaired from the next packet's FEC or concealed; silence the sender left out (DTX, a muted track, a
 * network that stalls) is filled in, so that whoever listens for the end of speech always hears it come.
 */
import type { Clock, Timer } from "../time/clock.ts";
import type { AudioFrame } from "./frame.ts";
import { JitterBuffer, type RtpAudio } from "./jitter-buffer.ts";
import { FRAME_MS, OPUS_CLOCK_RATE, type OpusDecoderHandle } from "./opus.ts";
import { Resampler } from "./resample.ts";

/** Lost packets in a row that are concealed; after 200 ms concealment is noise, and silence is inserted. */
const MAX_CONCEALED = 10;
/**
 * Without a packet for this long, silence is filled in. Well above what a network holds packets back for: those come in
 * the end, and silence before them would make a speaker's pause longer than it was.
 */
const STARVED_MS = 500;
/** Silence filled in for one gap at most: any turn has ended by then. */
const MAX_FILL_MS = 2_000;

export interface AudioReceiverOptions {
  readonly clock: Clock;
  /** Decodes at an Opus rate and in the channels wanted. */
  readonly decoder: OpusDecoderHandle;
  /** The rate frames are delivered in; resampled where it is not the decoder's. */
  readonly sampleRate: number;
  readonly onFrame: (frame: AudioFrame) => void;
}

export class AudioReceiver {
  readonly #options: AudioReceiverOptions;
  readonly #buffer: JitterBuffer;
  /** One for each channel; none where nothing is converted. */
  readonly #resamplers: readonly Resampler[];
  /** RTP timestamp expected next, to see silence that was not sent. */
  #nextTimestamp: number | undefined;
  #filledMs = 0;
  #lastPacketMs: number;
  #starvation: Timer | undefined;

  constructor(options: AudioReceiverOptions) {
    this.#options = options;
    const { clock, decoder, sampleRate } = options;
    const converted = sampleRate === decoder.sampleRate ? 0 : decoder.channels;
    this.#resamplers = Array.from({ length: converted }, () => new Resampler(decoder.sampleRate, sampleRate));
    this.#lastPacketMs = clock.nowMs();
    this.#buffer = new JitterBuffer(clock, {
      packet: (packet) => this.#decode(packet),
      lost: (count, next) => this.#conceal(count, next),
    });
    this.#watch(STARVED_MS);
  }

  push(packet: RtpAudio): void {
    this.#lastPacketMs = this.#options.clock.nowMs();
    this.#buffer.push(packet);
  }

  close(): void {
    this.#starvation?.cancel();
    this.#buffer.close();
    this.#options.decoder.free();
  }

  #decode(packet: RtpAudio): void {
    this.#fillTo(packet.timestamp);
    this.#filledMs = 0;
    const samples = this.#tryDecode(packet.payload);
    const channels = this.#options.decoder.channels;
    this.#nextTimestamp =
      packet.timestamp + (samples.length / channels / this.#options.decoder.sampleRate) * OPUS_CLOCK_RATE;
    this.#deliver(samples);
  }

  /** A payload that is not Opus costs its own 20 ms, not the session. */
  #tryDecode(payload: Uint8Array): Int16Array {
    try {
      return this.#options.decoder.decode(payload);
    } catch {
      return this.#options.decoder.decodePacketLoss(this.#frameSize);
    }
  }

  #conceal(count: number, next: RtpAudio): void {
    const { decoder } = this.#options;
    const concealed = Math.min(count, MAX_CONCEALED);
    for (let i = 0; i < concealed; i++) {
      const last = i === concealed - 1;
      // Only the packet right before `next` is repeated in its FEC.
      this.#deliver(last ? this.#tryFec(next.payload) : decoder.decodePacketLoss(this.#frameSize));
    }
    this.#nextTimestamp = undefined;
  }

  #tryFec(payload: Uint8Array): Int16Array {
    try {
      return this.#options.decoder.decode(payload, { decodeFec: true, frameSize: this.#frameSize });
    } catch {
      return this.#options.decoder.decodePacketLoss(this.#frameSize);
    }
  }

  /** Fills in what the sender skipped before `timestamp`, less what was filled while waiting. */
  #fillTo(timestamp: number): void {
    if (this.#nextTimestamp === undefined) return;
    const skippedMs = ((timestamp - this.#nextTimestamp) | 0) / (OPUS_CLOCK_RATE / 1_000) - this.#filledMs;
    // A step back, or one of minutes, is a new clock, not silence.
    if (skippedMs < FRAME_MS || skippedMs > 60_000) return;
    this.#fill(skippedMs);
  }

  #fill(durationMs: number): void {
    const frames = Math.floor(Math.min(durationMs, MAX_FILL_MS) / FRAME_MS);
    for (let i = 0; i < frames; i++) this.#deliver(new Int16Array(this.#frameSize * this.#options.decoder.channels));
  }

  #watch(delayMs: number): void {
    const { clock } = this.#options;
    this.#starvation = clock.after(delayMs, () => {
      const quietMs = clock.nowMs() - this.#lastPacketMs;
      const owedMs = quietMs - this.#filledMs;
      if (quietMs >= STARVED_MS && this.#nextTimestamp !== undefined && this.#filledMs < MAX_FILL_MS) {
        const fillMs = Math.floor(Math.min(owedMs, MAX_FILL_MS - this.#filledMs) / FRAME_MS) * FRAME_MS;
        this.#fill(fillMs);
        this.#filledMs += fillMs;
      }
      this.#watch(STARVED_MS / 2);
    });
  }

  /** In frames of 20 ms, whatever the packets are. */
  #deliver(samples: Int16Array): void {
    const { decoder, onFrame, sampleRate } = this.#options;
    const { channels } = decoder;
    const length = this.#frameSize * channels;
    for (let offset = 0; offset < samples.length; offset += length) {
      const frame = this.#convert(samples.subarray(offset, offset + length));
      if (frame.length > 0) onFrame({ sampleRate, samples: frame, channels });
    }
  }

  #convert(samples: Int16Array): Int16Array {
    const [first, second] = this.#resamplers;
    if (first === undefined) return samples;
    if (second === undefined) return first.process(samples);
    const left = first.process(samples.filter((_, i) => i % 2 === 0));
    const right = second.process(samples.filter((_, i) => i % 2 === 1));
    const both = new Int16Array(2 * left.length);
    for (let i = 0; i < left.length; i++) {
      both[2 * i] = left[i] ?? 0;
      both[2 * i + 1] = right[i] ?? 0;
    }
    return both;
  }

  get #frameSize(): number {
    return (this.#options.decoder.sampleRate * FRAME_MS) / 1_000;
  }
}
