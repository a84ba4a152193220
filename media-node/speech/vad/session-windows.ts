/** One session's side of voice activity detection: its samples cut into windows, and how soon each of them is wanted. */
import { isDigitalSilence } from "../../audio/frame.ts";
import type { Expected } from "../../turn/turn-finder.ts";
import { CONTEXT_SAMPLES, INPUT_SAMPLES, RESET_BIT, WINDOW_SAMPLES } from "./packet.ts";
import type { WindowTag } from "./queue.ts";
import { type Urgency, urgencyOf } from "./urgency.ts";

/** A session is not calm for 1.5 s after a window that may have been speech. */
const ALERT_PROBABILITY = 0.1;
const ALERT_WINDOWS = 48;
/** Mean square of a window that is loud enough to be looked at soon: −50 dB. */
const LOUD_MEAN_SQUARE = 100 ** 2;

/** Called for each window, in order. `probability` is that of speech, 0 to 1; `windowIndex` counts from 0 in 32 ms. */
export type OnProbability = (probability: number, windowIndex: number) => void;

/** One session's voice activity detection. */
export interface VadStream {
  /** Takes 16 kHz samples, any number of them. */
  push(samples: Int16Array): void;
  /**
   * Tells what its owner waits for, from the last reported window on. Windows that nobody waits for are reported later, which is cheaper.
   * Never told: every window that may be speech, or comes soon after such a one, is reported soon.
   */
  awaits(what: Expected): void;
  /** Forgets what was heard: windows that are on their way are never reported. `windowIndex` goes on. */
  reset(): void;
  /** Nothing is reported after it. */
  close(): void;
  /** Windows dropped because the thread was too slow or down. */
  readonly droppedWindows: number;
}

export interface WindowsHost {
  enqueue(tag: WindowTag<SessionWindows>, word: number, input: Int16Array, urgency: Urgency): void;
  closed(): void;
}

/** Cuts one session's samples into windows. */
export class SessionWindows implements VadStream {
  droppedWindows = 0;
  /** Windows waiting or with the thread. */
  queued = 0;
  /** Whether the next window is the first that the thread hears. */
  startsAnew = true;
  readonly #slot: number;
  readonly #onProbability: OnProbability;
  readonly #host: WindowsHost;
  /** What the thread is sent: the end of the window before, and the window. */
  readonly #input = new Int16Array(INPUT_SAMPLES);
  readonly #window = this.#input.subarray(CONTEXT_SAMPLES);
  readonly #isLoud = () => isLoud(this.#window);
  #filled = 0;
  #index = 0;
  #epoch = 0;
  /** Index of the window up to which the session counts as alert. */
  #alertUntil = -1;
  #reportedIndex = -1;
  #awaited: Expected | undefined;
  #open = true;

  constructor(slot: number, onProbability: OnProbability, host: WindowsHost) {
    this.#slot = slot;
    this.#onProbability = onProbability;
    this.#host = host;
  }

  push(samples: Int16Array): void {
    if (!this.#open) return;
    for (let from = 0; from < samples.length; ) {
      const part = samples.subarray(from, from + WINDOW_SAMPLES - this.#filled);
      this.#window.set(part, this.#filled);
      this.#filled += part.length;
      from += part.length;
      if (this.#filled < WINDOW_SAMPLES) return;
      this.#filled = 0;
      const index = this.#index++;
      const isAlert = index <= this.#alertUntil;
      if (!isAlert && this.queued === 0 && isDigitalSilence(this.#window)) {
        // Nothing to infer, and nothing to remember: the next sound meets the model as a new session would.
        this.startsAnew = true;
        this.report(0, index, this.#epoch);
        continue;
      }
      this.#send(index, isAlert);
    }
  }

  #send(index: number, isAlert: boolean): void {
    const input = this.#input;
    if (this.startsAnew) input.fill(0, 0, CONTEXT_SAMPLES);
    const word = this.#slot | (this.startsAnew ? RESET_BIT : 0);
    this.startsAnew = false;
    this.#host.enqueue({ owner: this, index, epoch: this.#epoch }, word, input, this.#urgency(index, isAlert));
    input.copyWithin(0, WINDOW_SAMPLES);
  }

  awaits(what: Expected): void {
    this.#awaited = what;
  }

  reset(): void {
    this.#filled = 0;
    this.#epoch += 1;
    this.startsAnew = true;
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#host.closed();
  }

  report(probability: number, index: number, epoch: number): void {
    if (probability >= ALERT_PROBABILITY) this.#alertUntil = index + ALERT_WINDOWS;
    this.#reportedIndex = index;
    if (this.#open && epoch === this.#epoch) this.#onProbability(probability, index);
  }

  #urgency(index: number, isAlert: boolean): Urgency {
    const reportedIndex = this.#reportedIndex;
    return urgencyOf({ index, reportedIndex, awaited: this.#awaited, isAlert, isLoud: this.#isLoud });
  }
}

function isLoud(window: Int16Array): boolean {
  let sum = 0;
  for (const sample of window) sum += sample * sample;
  return sum >= LOUD_MEAN_SQUARE * WINDOW_SAMPLES;
}
