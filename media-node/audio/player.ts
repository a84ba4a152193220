/**
 * A session's outgoing audio: PCM of any rate and length in, paced and encoded 20 ms frames out, Opus as a rule.
 *
 * Frames are encoded as they leave, not as they come, so that a long reply costs its CPU spread over its length and what
 * is cleared on an interruption was never encoded. When nothing is queued nothing is sent.
 */
import type { Clock, Timer } from "../time/clock.ts";
import type { AudioEncoder } from "./audio-encoder.ts";
import { BacklogWatch, blend } from "./backlog.ts";
import type { Watcher } from "./clip.ts";
import type { AudioFrame } from "./frame.ts";
import { type EncoderFrame, Framer } from "./framer.ts";
import { FRAME_MS, OPUS_CLOCK_RATE, opusRateFor } from "./opus.ts";

/** Audio queued beyond this makes {@link Player.ready} wait: a reply is produced a little ahead of what is heard. */
const HIGH_WATER_MS = 1_000;
/** A frame may leave this much before its time: saves a timer per packet where audio arrives in real time. */
const EARLY_MS = 8;
/**
 * Behind schedule by more than this, the schedule starts anew. Up to three frames are caught up on at once instead: the
 * client's jitter buffer takes that, and live audio does not get later with every hiccup.
 */
const LATE_MS = 60;
/** An incomplete last frame is padded and sent once nothing has followed for this long. */
const LINGER_MS = 40;

const FRAME_TICKS = (OPUS_CLOCK_RATE * FRAME_MS) / 1_000;

/** For clients that queue what they play, over connections that hold frames back now and then. */
export interface Pacing {
  /** Frames may leave this much before their time. */
  readonly leadMs: number;
  /** Once that far ahead, the next leave together, this much audio at a time. Less than `leadMs`. */
  readonly chunkMs: number;
}

export interface PlayerOptions {
  readonly clock: Clock;
  /** The rate that audio of a rate is encoded at. Default: Opus's. */
  readonly rateFor?: ((sampleRate: number) => number) | undefined;
  /** An encoder for such a rate; asked once per rate. The player frees them. */
  readonly createEncoder: (sampleRate: number) => Promise<AudioEncoder>;
  /** Default: each frame at its time. */
  readonly pacing?: Pacing | undefined;
  /** How far what is heard is behind the time of what was sent, in milliseconds, where that is known. Default: not at all. */
  readonly lagMs?: (() => number) | undefined;
  /** Sends one frame; `timestamp` in 48 kHz units; `marker` on the first after a pause. */
  readonly send: (payload: Uint8Array, timestamp: number, marker: boolean) => void;
  /** Everything that may leave for now has been sent. */
  readonly onFlush?: (() => void) | undefined;
  /** What was sent ahead of its time is not to be heard any more. */
  readonly onClear?: (() => void) | undefined;
  /**
   * Whether a client that is told so drops it for certain. Then {@link Player.hold} is heard at once: what was sent is taken back,
   * and sent again when it goes on. Default false: it is heard to its end.
   */
  readonly recalls?: boolean | undefined;
  /** Called when the last queued frame has left, and its time has come; or was cleared. */
  readonly onDrained: () => void;
}

/** A frame that was sent before its time. */
interface FrameAhead {
  readonly dueMs: number;
  readonly frame: EncoderFrame;
}

const AT_ITS_TIME: Pacing = { leadMs: 0, chunkMs: 0 };

export class Player {
  readonly #options: PlayerOptions;
  readonly #pacing: Pacing;
  readonly #encoders = new Map<number, AudioEncoder>();
  readonly #framer = new Framer();
  readonly #backlog = new BacklogWatch();
  #queue: EncoderFrame[] = [];
  #head = 0;
  #dueMs: number | undefined;
  #ahead: FrameAhead[] = [];
  #timer: Timer | undefined;
  #linger: Timer | undefined;
  #drain: Timer | undefined;
  #timestamp = Math.floor(Math.random() * 0x7fff_ffff);
  #lastSentMs: number | undefined;
  #waiters: (() => void)[] = [];
  #state: "open" | "held" | "closed" = "open";

  constructor(options: PlayerOptions) {
    this.#options = options;
    this.#pacing = options.pacing ?? AT_ITS_TIME;
  }

  /** Milliseconds of audio queued. */
  get bufferedMs(): number {
    return (this.#queue.length - this.#head) * FRAME_MS;
  }

  /** True while there is something to send, or something that was sent is still to be heard. */
  get playing(): boolean {
    return this.#queue.length > this.#head || this.#framer.hasRest || this.#unheardMs > 0;
  }

  /** How long what was sent ahead of its time, or lags behind it, is heard yet. */
  get #unheardMs(): number {
    if (this.#pacing.leadMs === 0 || this.#dueMs === undefined) return 0;
    return Math.max(0, this.#dueMs + this.#lagMs - this.#options.clock.nowMs());
  }

  get #lagMs(): number {
    return this.#options.lagMs?.() ?? 0;
  }

  /** Settles when there is room for more: at once below the high-water mark, or when the player is cleared or closed. */
  ready(): Promise<void> {
    if (this.bufferedMs < HIGH_WATER_MS || this.#state === "closed") return Promise.resolve();
    // Whoever writes is ahead of time.
    this.#backlog.reset();
    return new Promise((resolve) => {
      this.#waiters.push(resolve);
    });
  }

  /**
   * Queues audio.
   * @param watcher is told how it fares.
   */
  async write(frame: AudioFrame, watcher?: Watcher): Promise<void> {
    if (this.#state === "closed" || frame.samples.length === 0) return;
    const encoderRate = (this.#options.rateFor ?? opusRateFor)(frame.sampleRate);
    const encoder = this.#encoders.get(encoderRate) ?? (await this.#addEncoder(encoderRate));
    if (encoder === undefined) return;
    for (const next of this.#framer.add(frame, encoder, encoderRate, watcher)) this.#queue.push(next);
    this.#armLinger();
    this.#pump();
  }

  /** Holds what is queued, and what comes: somebody seems to speak. */
  hold(): void {
    if (this.#state !== "open") return;
    this.#state = "held";
    if (this.#options.recalls === true) this.#recall();
    this.#drain?.cancel();
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#unheardMs === 0) this.#dueMs = undefined;
  }

  /** Goes on where {@link hold} stopped. */
  resume(): void {
    if (this.#state !== "held") return;
    this.#state = "open";
    if (this.#unheardMs === 0) this.#dueMs = undefined;
    // What was held is a reply to be heard in full, not live audio that runs late.
    this.#backlog.reset();
    this.#pump();
  }

  /** Drops everything queued, at once, and holds nothing back any more. @returns the milliseconds dropped. */
  clear(): number {
    const droppedMs = this.bufferedMs;
    const { playing } = this;
    if (this.#state === "held") this.#state = "open";
    const ahead = this.#unheardMs > 0;
    this.#tellCut();
    this.#ahead = [];
    this.#queue = [];
    this.#head = 0;
    this.#backlog.reset();
    this.#framer.clear();
    this.#linger?.cancel();
    this.#drain?.cancel();
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#dueMs = undefined;
    this.#release();
    // What the client has buffered may be more than what was sent ahead.
    if (ahead || (droppedMs > 0 && this.#options.recalls !== true)) this.#options.onClear?.();
    // Whoever waits for the end of what was played must not wait for ever.
    if (playing && this.#state !== "closed") this.#options.onDrained();
    return droppedMs;
  }

  close(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.clear();
    for (const encoder of this.#encoders.values()) encoder.free();
    this.#encoders.clear();
  }

  #tellCut(): void {
    const unheard = this.#framesUnheard().flatMap(({ frame }) => frame.shares);
    for (const { clip, samples } of unheard) clip.takeBack(samples);
    const queued = this.#queue.slice(this.#head).flatMap((frame) => frame.shares);
    const shares = [...unheard, ...queued, ...this.#framer.restShares];
    for (const clip of new Set(shares.map((share) => share.clip))) clip.cut();
  }

  /** Takes back what was sent and not heard yet. */
  #recall(): void {
    const frames = this.#framesUnheard().map(({ frame }) => frame);
    if (frames.length === 0) return;
    for (const { clip, samples } of frames.flatMap(({ shares }) => shares)) clip.takeBack(samples);
    this.#queue = [...frames, ...this.#queue.slice(this.#head)];
    this.#head = 0;
    this.#ahead = [];
    this.#dueMs = undefined;
    this.#options.onClear?.();
  }

  /** Those that were sent and whose time to be heard has not come. */
  #framesUnheard(): FrameAhead[] {
    const nowMs = this.#options.clock.nowMs();
    return this.#ahead.filter(({ dueMs }) => dueMs + this.#lagMs > nowMs);
  }

  async #addEncoder(rate: number): Promise<AudioEncoder | undefined> {
    const encoder = await this.#options.createEncoder(rate);
    const existing = this.#encoders.get(rate);
    if (this.#state !== "closed" && existing === undefined) {
      this.#encoders.set(rate, encoder);
      return encoder;
    }
    encoder.free();
    return existing;
  }

  /** What is left over of a frame does not wait for ever. */
  #armLinger(): void {
    this.#linger?.cancel();
    if (!this.#framer.hasRest) return;
    this.#linger = this.#options.clock.after(LINGER_MS + this.bufferedMs, () => {
      const last = this.#framer.flush();
      if (last !== undefined) this.#queue.push(last);
      this.#pump();
    });
  }

  /** Sends what is due and arms the timer for the next frame. */
  #pump(): void {
    if (this.#timer !== undefined || this.#state === "held") return;
    const { clock, onFlush } = this.#options;
    const { leadMs, chunkMs } = this.#pacing;
    this.#drain?.cancel();
    for (let next = this.#queue[this.#head]; next !== undefined; next = this.#queue[this.#head]) {
      const nowMs = clock.nowMs();
      if (this.#dueMs === undefined || nowMs - this.#dueMs > LATE_MS) this.#dueMs = nowMs;
      const earlyMs = this.#dueMs - leadMs - nowMs;
      if (earlyMs > EARLY_MS) {
        onFlush?.();
        this.#timer = clock.after(earlyMs + Math.max(0, chunkMs - FRAME_MS), () => {
          this.#timer = undefined;
          this.#pump();
        });
        return;
      }
      this.#take();
      const frame = this.#hurry(next);
      if (leadMs > 0) this.#ahead = [...this.#framesUnheard(), { dueMs: this.#dueMs, frame }];
      this.#dueMs += FRAME_MS;
      this.#sendFrame(frame, nowMs);
      if (this.#state !== "open") return;
    }
    onFlush?.();
    this.#tellDrained();
  }

  #tellDrained(): void {
    if (!this.playing) this.#options.onDrained();
    else if (!this.#framer.hasRest) this.#drain = this.#options.clock.after(this.#unheardMs, () => this.#tellDrained());
  }

  /** The frame to send now: `frame`, or it and the next one in one, where live audio has a backlog. */
  #hurry(frame: EncoderFrame): EncoderFrame {
    if (!this.#backlog.sent(this.#queue.length - this.#head)) return frame;
    const next = this.#queue[this.#head];
    if (next === undefined || next.encoder !== frame.encoder) return frame;
    this.#take();
    return { ...frame, samples: blend(frame.samples, next.samples), shares: [...frame.shares, ...next.shares] };
  }

  #take(): void {
    this.#head += 1;
    // Shifting an array costs its length; cutting it now and then does not.
    if (this.#head >= 64 || this.#head === this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    if (this.bufferedMs < HIGH_WATER_MS) this.#release();
  }

  #sendFrame(frame: EncoderFrame, nowMs: number): void {
    const pauseMs = this.#lastSentMs === undefined ? 0 : nowMs - this.#lastSentMs - FRAME_MS;
    const afterPause = this.#lastSentMs === undefined || pauseMs > 2 * FRAME_MS;
    // After a pause the timestamp moves on by the time that passed, in whole frames.
    if (afterPause) this.#timestamp += Math.max(0, Math.round(pauseMs / FRAME_MS)) * FRAME_TICKS;
    this.#timestamp = (this.#timestamp + FRAME_TICKS) >>> 0;
    this.#lastSentMs = nowMs;
    this.#options.send(frame.encoder.encode(frame.samples), this.#timestamp, afterPause);
    for (const { clip, samples } of frame.shares) clip.send(samples);
  }

  #release(): void {
    for (const resolve of this.#waiters.splice(0)) resolve();
  }
}
