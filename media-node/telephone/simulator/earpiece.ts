/**
 * What the person at the phone hears: a provider's playback buffer, played at its pace, 20 ms at a time. Marks are told when they
 * are reached; what is cleared is never heard.
 */
import { g711 } from "../../audio/g711.ts";

/** µ-law bytes of 20 ms. */
export const FRAME_BYTES = 160;

type Item = { readonly kind: "audio"; readonly bytes: Uint8Array } | { readonly kind: "mark"; readonly name: string };

export interface EarpieceEvents {
  /** Everything before the mark has been played, or was cleared. */
  played(name: string): void;
}

export class Earpiece {
  readonly #events: EarpieceEvents;
  #items: Item[] = [];
  readonly #heard: Uint8Array[] = [];

  constructor(events: EarpieceEvents) {
    this.#events = events;
  }

  /** What has been heard since the beginning, silence included: 8 kHz. */
  get heard(): Int16Array<ArrayBuffer> {
    return g711("mulaw").decode(Buffer.concat(this.#heard));
  }

  /** Milliseconds since the first tick. */
  get elapsedMs(): number {
    return this.#heard.length * 20;
  }

  /** Milliseconds that wait to be played. */
  get bufferedMs(): number {
    return this.#items.reduce((sum, item) => sum + (item.kind === "audio" ? item.bytes.length / 8 : 0), 0);
  }

  play(bytes: Uint8Array): void {
    this.#items.push({ kind: "audio", bytes });
  }

  mark(name: string): void {
    this.#items.push({ kind: "mark", name });
    // Nothing is played before it: it is reached.
    if (this.bufferedMs === 0) this.#passMarks();
  }

  /** Drops what waits; its marks count as reached. @returns the milliseconds dropped. */
  clear(): number {
    const droppedMs = this.bufferedMs;
    this.#items = this.#items.filter((item) => item.kind === "mark");
    this.#passMarks();
    return droppedMs;
  }

  /** 20 ms pass. @returns what is heard in them. */
  tick(): Uint8Array {
    const frame = new Uint8Array(FRAME_BYTES).fill(g711("mulaw").silence);
    let filled = 0;
    while (filled < FRAME_BYTES) {
      const item = this.#items[0];
      if (item === undefined) break;
      this.#items.shift();
      if (item.kind === "mark") {
        this.#events.played(item.name);
        continue;
      }
      const part = item.bytes.subarray(0, FRAME_BYTES - filled);
      frame.set(part, filled);
      filled += part.length;
      if (part.length < item.bytes.length) {
        this.#items.unshift({ kind: "audio", bytes: item.bytes.subarray(part.length) });
      }
    }
    this.#heard.push(frame);
    this.#passMarks();
    return frame;
  }

  #passMarks(): void {
    for (let item = this.#items[0]; item?.kind === "mark"; item = this.#items[0]) {
      this.#items.shift();
      this.#events.played(item.name);
    }
  }
}
