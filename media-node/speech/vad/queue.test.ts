import { describe, expect, it } from "vitest";
import { INPUT_SAMPLES, viewPacket } from "./packet.ts";
import { WindowQueue } from "./queue.ts";

const window = (value: number) => new Int16Array(INPUT_SAMPLES).fill(value);

function fill(queue: WindowQueue<string>, count: number): void {
  for (let index = 0; index < count; index++) queue.push({ owner: "a", index, epoch: 0 }, index, window(index));
}

describe("WindowQueue", () => {
  it("keeps windows in order while it grows", () => {
    const queue = new WindowQueue<string>();
    fill(queue, 100);
    const { packet, tags } = queue.take();
    const { slots, samples } = viewPacket(packet.buffer, packet.capacity);
    expect(tags.map(({ index }) => index)).toEqual(Array.from({ length: 100 }, (_, index) => index));
    expect([...slots.subarray(0, 100)]).toEqual(tags.map(({ index }) => index));
    expect(samples[99 * INPUT_SAMPLES]).toBe(99);
  });

  it("gives back what a burst took, and keeps the memory of what is usual", () => {
    const queue = new WindowQueue<string>();
    const capacities: number[] = [];
    const send = (count: number) => {
      fill(queue, count);
      const { packet } = queue.take();
      capacities.push(packet.capacity);
      queue.recycle(packet);
      return packet.buffer;
    };
    send(200);
    for (let n = 0; n < 8; n++) send(20);
    expect(capacities).toEqual([256, 256, 128, 64, 64, 64, 64, 64, 64]);
    // Two buffers go back and forth.
    const [a, b] = [send(20), send(20)];
    expect([send(20), send(20)]).toEqual([a, b]);
    expect(send(20)).toBe(a);
  });
});
