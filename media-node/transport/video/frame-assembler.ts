/**
 * Puts frames together from packets in any order, and hands them out in theirs. It waits for what is missing until it is told
 * that it will not come, or a later key frame makes it needless.
 */
import type { Payloads } from "./payload.ts";
import type { VideoPart } from "./video-part.ts";

/** Packets held at most: a key frame of 1080p is about 300. Past it everything is given up until the next key frame. */
const MAX_PACKETS = 1_024;

export interface VideoPacket {
  /** Unwrapped. */
  readonly sequence: number;
  /** Unwrapped, in 90 kHz units. */
  readonly timestamp: number;
  /** The frame ends here. */
  readonly marker: boolean;
  readonly payload: Uint8Array;
  readonly arrivedAtMs: number;
}

export interface AssembledFrame {
  readonly data: Uint8Array;
  readonly keyFrame: boolean;
  readonly timestamp: number;
  /** Of the packet that came first. */
  readonly arrivedAtMs: number;
}

interface Held {
  readonly packet: VideoPacket;
  /** Undefined: padding, a place in the sequence and nothing else. */
  readonly part: VideoPart | undefined;
}

interface Found {
  readonly held: readonly Held[];
  readonly next: number;
}

export class FrameAssembler {
  readonly #read: Payloads["read"];
  readonly #held = new Map<number, Held>();
  /** Sequence number of the next packet to hand out; undefined while only a key frame will do. */
  #next: number | undefined;
  /** Of the key frame that is waited for. */
  #keyFrame: "none" | "begun" = "none";
  /** What is older has been handed out or given up. */
  #floor = Number.NEGATIVE_INFINITY;

  /** @param read the codec's payloads */
  constructor(read: Payloads["read"]) {
    this.#read = read;
  }

  /** Nothing is handed out before a key frame, and none has begun to come. */
  get needsKeyFrame(): boolean {
    return this.#next === undefined && this.#keyFrame === "none";
  }

  /** Packets older than this are of no use any more. */
  get floor(): number {
    return this.#floor;
  }

  /** Whether a packet of this number is still of use. */
  wants(sequence: number): boolean {
    return sequence >= this.#floor && !this.#held.has(sequence);
  }

  /** Takes a packet. @returns the frames that are whole now, in order. */
  push(packet: VideoPacket): AssembledFrame[] {
    if (!this.wants(packet.sequence)) return [];
    if (this.#held.size >= MAX_PACKETS) this.giveUp();
    const part = packet.payload.length === 0 ? undefined : this.#read(packet.payload);
    this.#held.set(packet.sequence, { packet, part });
    if (part?.keyFrame === true) this.#keyFrame = "begun";
    const frames = this.#takeInOrder();
    if (frames.length > 0) return frames;
    const key = this.#findKeyFrame(packet.sequence);
    if (key === undefined) return [];
    this.#moveTo(key.next);
    return [assemble(key.held), ...this.#takeInOrder()];
  }

  /** What is missing will not come: nothing more is shown before the next key frame. */
  giveUp(): void {
    this.#next = undefined;
    this.#keyFrame = "none";
    // A key frame may be among what is held, with parts still to come.
    if (this.#held.size >= MAX_PACKETS) {
      this.#floor = Math.max(...this.#held.keys()) + 1;
      this.#held.clear();
    }
  }

  /** Forgets everything: another sender begins. */
  reset(): void {
    this.#held.clear();
    this.#next = undefined;
    this.#keyFrame = "none";
    this.#floor = Number.NEGATIVE_INFINITY;
  }

  #takeInOrder(): AssembledFrame[] {
    const frames: AssembledFrame[] = [];
    while (this.#next !== undefined) {
      const found = this.#frameAt(this.#next);
      if (found === undefined) break;
      this.#moveTo(found.next);
      if (found.held.length > 0) frames.push(assemble(found.held));
    }
    return frames;
  }

  /** The whole frame that begins with this packet; an empty one for padding. */
  #frameAt(first: number): Found | undefined {
    const held: Held[] = [];
    for (let sequence = first; ; sequence++) {
      const next = this.#held.get(sequence);
      if (next === undefined) return undefined;
      if (next.part === undefined) {
        if (held.length === 0) return { held, next: sequence + 1 };
        continue;
      }
      // Not where a frame begins, or another one begins before this one ended: the sender skipped something.
      const [begin] = held;
      const fits = begin === undefined ? next.part.start !== false : next.packet.timestamp === begin.packet.timestamp;
      if (!fits) return { held: [], next: sequence + (begin === undefined ? 1 : 0) };
      held.push(next);
      if (next.packet.marker) return { held, next: sequence + 1 };
    }
  }

  /** A whole key frame that this packet is of, when it is ahead of what can be handed out. */
  #findKeyFrame(sequence: number): Found | undefined {
    const packet = this.#held.get(sequence)?.packet;
    if (packet === undefined) return undefined;
    let first = sequence;
    while (this.#held.get(first)?.part?.start !== true) {
      const before = this.#held.get(first - 1);
      if (before === undefined || before.packet.timestamp !== packet.timestamp) return undefined;
      first -= 1;
    }
    if (this.#held.get(first)?.part?.keyFrame !== true) return undefined;
    const found = this.#frameAt(first);
    return found === undefined || found.held.length === 0 ? undefined : found;
  }

  #moveTo(next: number): void {
    if (this.#next === undefined) {
      for (const sequence of this.#held.keys()) if (sequence < next) this.#held.delete(sequence);
    } else for (let sequence = this.#next; sequence < next; sequence++) this.#held.delete(sequence);
    this.#next = next;
    this.#floor = next;
  }
}

function assemble(held: readonly Held[]): AssembledFrame {
  let length = 0;
  for (const { part } of held) length += part?.data.length ?? 0;
  const data = new Uint8Array(length);
  let at = 0;
  let arrivedAtMs = Number.POSITIVE_INFINITY;
  for (const { packet, part } of held) {
    if (part !== undefined) data.set(part.data, at);
    at += part?.data.length ?? 0;
    arrivedAtMs = Math.min(arrivedAtMs, packet.arrivedAtMs);
  }
  return {
    data,
    keyFrame: held.some(({ part }) => part?.keyFrame === true),
    timestamp: held[0]?.packet.timestamp ?? 0,
    arrivedAtMs,
  };
}
