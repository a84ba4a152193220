import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AssembledFrame, FrameAssembler, type VideoPacket } from "./frame-assembler.ts";
import { readVp8Payload, toVp8Payloads } from "./vp8-payload.ts";

const MAX_PAYLOAD = 50;

/** A frame of that length that says which one it is and whether it is a key frame, as VP8's first bit does. */
function frameBytes(n: number, length: number, keyFrame: boolean): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at === 0 ? (n << 1) | (keyFrame ? 0 : 1) : n * 31 + at));
}

interface Sent {
  readonly frame: Uint8Array;
  readonly keyFrame: boolean;
}

/** Frames as packets, in order; padding goes between some. */
function packetsOf(frames: readonly Sent[], paddingAfter: (n: number) => boolean = () => false): VideoPacket[] {
  const packets: VideoPacket[] = [];
  const add = (timestamp: number, marker: boolean, payload: Uint8Array) =>
    packets.push({ sequence: packets.length, timestamp, marker, payload, arrivedAtMs: packets.length });
  frames.forEach(({ frame }, n) => {
    const payloads = toVp8Payloads(frame, n, MAX_PAYLOAD);
    payloads.forEach((payload, at) => {
      add(n * 3_000, at === payloads.length - 1, payload);
    });
    if (paddingAfter(n)) add(n * 3_000, false, new Uint8Array());
  });
  return packets;
}

const someFrames = fc
  .array(fc.record({ length: fc.integer({ min: 1, max: 300 }), keyFrame: fc.boolean() }), {
    minLength: 1,
    maxLength: 25,
  })
  .map((frames): Sent[] =>
    frames.map(({ length, keyFrame }, n) => ({
      frame: frameBytes(n, length, n === 0 || keyFrame),
      keyFrame: n === 0 || keyFrame,
    })),
  );

describe("VP8 payloads", () => {
  it("bring any frame through, in parts of about equal size within the limit", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 5_000 }), fc.nat(70_000), (frame, pictureId) => {
        const payloads = toVp8Payloads(frame, pictureId, 1_160);
        const parts = payloads.map((payload) => readVp8Payload(payload));
        expect(Math.max(...payloads.map(({ length }) => length))).toBeLessThanOrEqual(1_160);
        expect(parts.map((part) => part?.start)).toEqual(parts.map((_, at) => at === 0));
        expect(Buffer.concat(parts.map((part) => part?.data ?? new Uint8Array()))).toEqual(Buffer.from(frame));
      }),
    );
  });

  it("are read with every kind of descriptor", () => {
    const frame = [0x10, 1, 2];
    for (const descriptor of [
      [0x10],
      [0x90, 0x00],
      [0x90, 0x80, 0x11],
      [0x90, 0x80, 0x81, 0x11],
      [0x90, 0xe0, 0x81, 0x11, 5, 0x20],
      [0x90, 0x40, 5],
    ]) {
      expect(readVp8Payload(Uint8Array.from([...descriptor, ...frame]))).toEqual({
        start: true,
        keyFrame: true,
        data: Uint8Array.from(frame),
      });
      expect(readVp8Payload(Uint8Array.from(descriptor))).toBeUndefined();
    }
    // Not the first partition, or not its beginning.
    for (const first of [0x11, 0x00]) expect(readVp8Payload(Uint8Array.of(first, 0x10))?.start).toBe(false);
    expect(readVp8Payload(new Uint8Array())).toBeUndefined();
  });
});

describe("the frame assembler", () => {
  it("hands every frame out once and in order, whatever the order and the copies of its packets", () => {
    fc.assert(
      fc.property(
        someFrames,
        fc.infiniteStream(fc.nat(12)),
        fc.infiniteStream(fc.boolean()),
        (frames, delays, copies) => {
          const assembler = new FrameAssembler(readVp8Payload);
          const padding = copies.next().value;
          const packets = packetsOf(frames, (n) => padding === true && n % 3 === 0);
          const [first, ...rest] = packets;
          // The first packet is first: what came before it nobody can know.
          const late = rest
            .flatMap((packet) => (copies.next().value === true ? [packet, packet] : [packet]))
            .map((packet) => ({ packet, at: packet.sequence + (delays.next().value ?? 0) }))
            .sort((a, b) => a.at - b.at);
          const out: AssembledFrame[] = first === undefined ? [] : assembler.push(first);
          for (const { packet } of late) out.push(...assembler.push(packet));
          // A later key frame that was whole sooner may overtake what came before it; nothing comes back after it.
          const expected = frames.map(({ frame }) => Buffer.from(frame).toString("hex"));
          const got = out.map(({ data }) => Buffer.from(data).toString("hex"));
          const places = got.map((hex) => expected.indexOf(hex));
          expect(places).not.toContain(-1);
          expect(places).toEqual([...new Set(places)].sort((a, b) => a - b));
          places.forEach((place, at) => {
            const follows = place === (at === 0 ? 0 : (places[at - 1] ?? 0) + 1);
            expect(follows || frames[place]?.keyFrame).toBe(true);
          });
          expect(got.at(-1)).toBe(expected.at(-1));
        },
      ),
      { numRuns: 400 },
    );
  });

  it("never hands out a frame that lacks a packet, nor one that follows a gap without a key frame between", () => {
    fc.assert(
      fc.property(someFrames, fc.infiniteStream(fc.nat(9)), (frames, luck) => {
        const assembler = new FrameAssembler(readVp8Payload);
        const lost = new Set<number>();
        const out: AssembledFrame[] = [];
        for (const packet of packetsOf(frames)) {
          if (luck.next().value === 0) lost.add(packet.sequence);
          else out.push(...assembler.push(packet));
          if (luck.next().value === 0) assembler.giveUp();
        }
        const expected = frames.map(({ frame }) => Buffer.from(frame).toString("hex"));
        let before = -1;
        for (const { data, keyFrame } of out) {
          const place = expected.indexOf(Buffer.from(data).toString("hex"));
          expect(place).toBeGreaterThan(before);
          expect(place === before + 1 || keyFrame).toBe(true);
          before = place;
        }
      }),
      { numRuns: 400 },
    );
  });

  it("holds no more than its limit, whatever is missing", () => {
    const assembler = new FrameAssembler(readVp8Payload);
    const delta = frameBytes(1, 10, false);
    for (let sequence = 0; sequence < 5_000; sequence++) {
      const [payload = new Uint8Array()] = toVp8Payloads(delta, 1, MAX_PAYLOAD);
      const packet = { sequence: 2 * sequence, timestamp: sequence, marker: false, payload, arrivedAtMs: 0 };
      expect(assembler.push(packet)).toEqual([]);
    }
    expect(assembler.needsKeyFrame).toBe(true);
    const [payload = new Uint8Array()] = toVp8Payloads(frameBytes(2, 10, true), 2, MAX_PAYLOAD);
    const key = assembler.push({ sequence: 20_000, timestamp: 9_000, marker: true, payload, arrivedAtMs: 7 });
    expect(key).toMatchObject([{ keyFrame: true, timestamp: 9_000, arrivedAtMs: 7 }]);
  });
});
