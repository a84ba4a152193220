/** The windows that wait for the VAD thread, already in the form they are sent in. */
import { INPUT_SAMPLES, newPacketBuffer, type Packet, type PacketView, RESET_BIT, viewPacket } from "./packet.ts";

const FIRST_CAPACITY = 16;
/** A buffer with room for more than so many times what was in it is made smaller by half. */
const ROOMY = 4;

/** Whose window it is, by the owner's own terms. */
export interface WindowTag<Owner> {
  readonly owner: Owner;
  /** The owner's count of windows, from 0. */
  readonly index: number;
  /** Which of the owner's lives it belongs to: a reset begins a new one. */
  readonly epoch: number;
}

export class WindowQueue<Owner> {
  #buffer = newPacketBuffer(FIRST_CAPACITY);
  #capacity = FIRST_CAPACITY;
  #view: PacketView = viewPacket(this.#buffer, FIRST_CAPACITY);
  #tags: WindowTag<Owner>[] = [];
  /** A buffer that came back, for the packet after this one. */
  #spare: Packet | undefined;

  get count(): number {
    return this.#tags.length;
  }

  /** Appends a window. @param word its slot, with the reset bit if it is the first since a reset. @param input its context and its samples. */
  push(tag: WindowTag<Owner>, word: number, input: Int16Array): void {
    const at = this.#tags.length;
    if (at === this.#capacity) this.#grow();
    this.#tags.push(tag);
    this.#view.slots[at] = word;
    this.#view.samples.set(input, at * INPUT_SAMPLES);
  }

  /** Removes an owner's oldest window, closing the gap. Costs time, and only happens when the thread is too slow. */
  dropOldest(owner: Owner): boolean {
    const at = this.#tags.findIndex((tag) => tag.owner === owner);
    if (at < 0) return false;
    const { slots, samples } = this.#view;
    // The reset is for whatever comes first.
    const next = this.#tags.findIndex((tag, index) => index > at && tag.owner === owner);
    if (next >= 0) slots[next] = (slots[next] ?? 0) | ((slots[at] ?? 0) & RESET_BIT);
    slots.copyWithin(at, at + 1, this.#tags.length);
    samples.copyWithin(at * INPUT_SAMPLES, (at + 1) * INPUT_SAMPLES, this.#tags.length * INPUT_SAMPLES);
    this.#tags.splice(at, 1);
    return true;
  }

  /** Takes everything out, to be sent. */
  take(): { readonly packet: Packet; readonly tags: readonly WindowTag<Owner>[] } {
    const tags = this.#tags;
    const packet = { buffer: this.#buffer, capacity: this.#capacity, count: tags.length };
    this.#tags = [];
    const spare = this.#spare;
    this.#spare = undefined;
    const capacity = this.#nextCapacity(tags.length);
    if (spare?.capacity === capacity) this.#use(spare.buffer, capacity);
    else this.#use(newPacketBuffer(capacity), capacity);
    return { packet, tags };
  }

  /** Gives a packet's memory back once its results are read. */
  recycle(packet: Packet): void {
    this.#spare = packet;
  }

  /** What a burst took is given back: V8 counts memory that goes to another thread and back as if it were made anew each time. */
  #nextCapacity(taken: number): number {
    const isFarTooLarge = this.#capacity > FIRST_CAPACITY && taken * ROOMY < this.#capacity;
    return isFarTooLarge ? this.#capacity / 2 : this.#capacity;
  }

  #grow(): void {
    const { slots, samples } = this.#view;
    const capacity = this.#capacity * 2;
    this.#use(newPacketBuffer(capacity), capacity);
    this.#view.slots.set(slots);
    this.#view.samples.set(samples);
  }

  #use(buffer: ArrayBuffer, capacity: number): void {
    this.#buffer = buffer;
    this.#capacity = capacity;
    this.#view = viewPacket(buffer, capacity);
  }
}
