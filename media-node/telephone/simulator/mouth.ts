/** What the person at the phone says, in µ-law, 20 ms at a time: recordings one after the other, or a microphone as it hears. */
import { g711 } from "../../audio/g711.ts";
import { FRAME_BYTES } from "./earpiece.ts";

/** Of a microphone's sound, what may wait at most: past it the oldest is left out. Programs give it in pieces of up to a quarter of a second. */
const MAX_LIVE_FRAMES = 50;
/** What has waited all this time is more than the pieces need, and only makes the call late: it is left out. */
const SETTLE_TICKS = 50;
/** A microphone's clock is not this machine's. */
const SPARE_FRAMES = 1;

export class Mouth {
  readonly #frames: Uint8Array[] = [];
  #live: Uint8Array[] = [];
  /** Of a microphone's sound, less than a frame. */
  #rest = new Uint8Array(0);
  #ticks = 0;
  #leastWaiting = 0;
  #spoken: (() => void)[] = [];
  #state: "open" | "closed" = "open";

  /** Says something, after what is being said. Settles when the last of it has left, or the mouth is closed. @param samples 8 kHz. */
  say(samples: Int16Array): Promise<void> {
    if (this.#state === "closed") return Promise.resolve();
    const bytes = g711("mulaw").encode(samples);
    for (let at = 0; at < bytes.length; at += FRAME_BYTES) {
      const frame = new Uint8Array(FRAME_BYTES).fill(g711("mulaw").silence);
      frame.set(bytes.subarray(at, at + FRAME_BYTES));
      this.#frames.push(frame);
    }
    return new Promise((resolve) => {
      this.#spoken.push(resolve);
    });
  }

  /** Says what a microphone hears right now. @param samples 8 kHz, any number. */
  sayLive(samples: Int16Array): void {
    if (this.#state === "closed") return;
    const bytes = Buffer.concat([this.#rest, g711("mulaw").encode(samples)]);
    const whole = bytes.length - (bytes.length % FRAME_BYTES);
    for (let at = 0; at < whole; at += FRAME_BYTES) this.#live.push(bytes.subarray(at, at + FRAME_BYTES));
    this.#rest = bytes.subarray(whole);
    this.#live = this.#live.slice(-MAX_LIVE_FRAMES);
  }

  /** The next 20 ms; silence where nothing is said. */
  next(): Uint8Array {
    const frame = this.#frames.shift() ?? this.#live.shift() ?? SILENCE;
    if (this.#frames.length === 0) this.#settle();
    this.#catchUp();
    return frame;
  }

  close(): void {
    this.#state = "closed";
    this.#settle();
  }

  #settle(): void {
    for (const spoken of this.#spoken.splice(0)) spoken();
  }

  #catchUp(): void {
    this.#leastWaiting = this.#ticks === 0 ? this.#live.length : Math.min(this.#leastWaiting, this.#live.length);
    this.#ticks = (this.#ticks + 1) % SETTLE_TICKS;
    if (this.#ticks === 0) this.#live.splice(0, Math.max(0, this.#leastWaiting - SPARE_FRAMES));
  }
}

const SILENCE = new Uint8Array(FRAME_BYTES).fill(g711("mulaw").silence);
