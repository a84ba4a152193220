/**
 * Puts RTP packets back in order and says which are lost.
 *
 * Nothing here is played to an ear, so packets are not held back to even out their arrival: what comes in order goes
 * through at once, and only a gap makes the buffer wait, about twice the measured jitter, for the packet to come late.
 */
import type { Clock, Timer } from "../time/clock.ts";

/** Shortest and longest wait for a missing packet. Reordered packets come within one or two frames or not at all. */
const MIN_WAIT_MS = 20;
const MAX_WAIT_MS = 100;
/** Packets held behind a gap; with more, the gap is given up. */
const MAX_HELD = 16;
/** A jump of more than this is a new sequence (the sender restarted), not loss. */
const MAX_JUMP = 1_000;
/** RFC 3550 §6.4.1: the jitter estimate moves by 1/16 of each difference. */
const JITTER_GAIN = 1 / 16;
const RTP_CLOCK_PER_MS = 48;

export interface RtpAudio {
  readonly sequenceNumber: number;
  /** 48 kHz units, 32 bits. */
  readonly timestamp: number;
  readonly payload: Uint8Array;
}

export interface JitterBufferEvents {
  packet(packet: RtpAudio): void;
  /** `count` packets are missing before `next`, which follows right after through {@link packet}. */
  lost(count: number, next: RtpAudio): void;
}

export class JitterBuffer {
  readonly #clock: Clock;
  readonly #events: JitterBufferEvents;
  readonly #held = new Map<number, RtpAudio>();
  #expected: number | undefined;
  #timer: Timer | undefined;
  #jitterMs = 0;
  #transitMs: number | undefined;
  /** Packets that came too late or twice, since the start. */
  discarded = 0;

  constructor(clock: Clock, events: JitterBufferEvents) {
    this.#clock = clock;
    this.#events = events;
  }

  /** The estimated interarrival jitter. */
  get jitterMs(): number {
    return this.#jitterMs;
  }

  push(packet: RtpAudio): void {
    if (packet.payload.length === 0) return;
    this.#measure(packet);
    const ahead = this.#ahead(packet.sequenceNumber);
    if (ahead === 0) {
      this.#deliver(packet);
      this.#deliverHeld();
    } else if (Math.abs(ahead) > MAX_JUMP) this.#restart(packet);
    else if (ahead < 0 || this.#held.has(packet.sequenceNumber)) this.discarded += 1;
    else this.#hold(packet);
  }

  close(): void {
    this.#timer?.cancel();
    this.#held.clear();
  }

  /** How far `sequenceNumber` is ahead of the expected one, in −32768…32767. */
  #ahead(sequenceNumber: number): number {
    this.#expected ??= sequenceNumber;
    return ((sequenceNumber - this.#expected + 0x1_8000) & 0xffff) - 0x8000;
  }

  #hold(packet: RtpAudio): void {
    this.#held.set(packet.sequenceNumber, packet);
    if (this.#held.size > MAX_HELD) this.#giveUp();
    else if (this.#timer === undefined) this.#wait();
  }

  #wait(): void {
    const waitMs = Math.min(MAX_WAIT_MS, MIN_WAIT_MS + 2 * this.#jitterMs);
    this.#timer = this.#clock.after(waitMs, () => {
      this.#timer = undefined;
      this.#giveUp();
    });
  }

  /** Declares the gap before the nearest held packet lost, and goes on from there. */
  #giveUp(): void {
    let nearest: RtpAudio | undefined;
    let missing = Number.POSITIVE_INFINITY;
    for (const packet of this.#held.values()) {
      const ahead = this.#ahead(packet.sequenceNumber);
      if (ahead < missing) {
        missing = ahead;
        nearest = packet;
      }
    }
    if (nearest === undefined) return;
    this.#held.delete(nearest.sequenceNumber);
    this.#events.lost(missing, nearest);
    this.#deliver(nearest);
    this.#deliverHeld();
  }

  #deliverHeld(): void {
    for (;;) {
      const next = this.#expected === undefined ? undefined : this.#held.get(this.#expected);
      if (next === undefined) break;
      this.#held.delete(next.sequenceNumber);
      this.#deliver(next);
    }
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#held.size > 0) this.#wait();
  }

  #deliver(packet: RtpAudio): void {
    this.#expected = (packet.sequenceNumber + 1) & 0xffff;
    this.#events.packet(packet);
  }

  #restart(packet: RtpAudio): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#held.clear();
    this.#transitMs = undefined;
    this.#deliver(packet);
  }

  #measure(packet: RtpAudio): void {
    const transitMs = this.#clock.nowMs() - packet.timestamp / RTP_CLOCK_PER_MS;
    if (this.#transitMs !== undefined) {
      const differenceMs = Math.abs(transitMs - this.#transitMs);
      // A timestamp that wrapped or jumped says nothing about the network.
      if (differenceMs < 1_000) this.#jitterMs += (differenceMs - this.#jitterMs) * JITTER_GAIN;
    }
    this.#transitMs = transitMs;
  }
}
