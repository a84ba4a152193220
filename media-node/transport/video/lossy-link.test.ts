/** A video sender and a video receiver with a bad network between them, in virtual time. */
import { afterEach, describe, expect, it } from "vitest";
import { type RtcpPacket, RtcpPacketConverter } from "werift";
import { VirtualClock } from "../../time/virtual-clock.ts";
import { sequenceParameters } from "../../video/codec/testing/sequence-parameters.ts";
import type { ReceivedFrame, VideoCodec } from "../../video/types.ts";
import { readFeedback } from "./feedback.ts";
import { VideoReceiver } from "./video-receiver.ts";
import { VideoSender } from "./video-sender.ts";

const SSRC = 7;
const RECEIVER_SSRC = 9;
const FRAME_MS = 33;

interface Network {
  /** Of each packet, both ways. */
  readonly loss: number;
  readonly delayMs: number;
  /** Up to so much later, each packet on its own: they overtake one another. */
  readonly jitterMs?: number;
  readonly copies?: number;
  readonly rtx?: boolean;
  /** Default: vp8. */
  readonly codec?: VideoCodec;
}

function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A frame as large as a camera's, with its number at the end. */
function frameBytes(codec: VideoCodec, n: number, keyFrame: boolean): Uint8Array {
  const body = new Uint8Array(keyFrame ? 20_000 : 3_300).fill(0xaa);
  body.set([1 + Math.floor(n / 250), 1 + (n % 250)], body.length - 2);
  if (codec === "h264") {
    const parameters = [0, 0, 0, 1, ...sequenceParameters({ width: 40, height: 30 }), 0, 0, 0, 1, 0x68, 0xce];
    return Uint8Array.of(...(keyFrame ? parameters : []), 0, 0, 0, 1, keyFrame ? 0x65 : 0x41, ...body);
  }
  body[0] = keyFrame ? 0 : 1;
  return body;
}

const leftOpen: (() => number)[] = [];

function setUp({ loss, delayMs, jitterMs = 0, copies = 0, rtx = true, codec = "vp8" }: Network, seed = 1) {
  const clock = new VirtualClock();
  const luck = random(seed);
  const state = { loss, keyFrameAsked: 0, sent: 0, again: 0, rtcp: 0, bitrate: 0 };
  const shown: { readonly frame: ReceivedFrame; readonly atMs: number }[] = [];
  const carry = (deliver: () => void) => {
    for (let n = 0; n < (luck() < copies ? 2 : 1); n++) {
      if (luck() >= state.loss) clock.after(delayMs + luck() * jitterMs, deliver);
    }
  };
  const overBytes = (packets: readonly RtcpPacket[], take: (packet: RtcpPacket) => void) => {
    state.rtcp += 1;
    const bytes = Buffer.concat(packets.map((packet) => packet.serialize()));
    carry(() => {
      for (const packet of RtcpPacketConverter.deSerialize(bytes)) take(packet);
    });
  };
  const receiver: VideoReceiver = new VideoReceiver({
    codec,
    payloadType: 96,
    rtxPayloadType: rtx ? 97 : undefined,
    ssrc: RECEIVER_SSRC,
    maxBitsPerSecond: 1_234_567,
    clock,
    sendRtcp: (packets) =>
      overBytes(packets, (packet) => {
        const feedback = readFeedback(packet, SSRC);
        if (feedback !== undefined) sender.heard(feedback);
      }),
    onFrame: (frame) => {
      shown.push({ frame, atMs: clock.nowMs() });
    },
  });
  const sender: VideoSender = new VideoSender({
    payloadType: 96,
    ssrc: SSRC,
    rtx: rtx ? { payloadType: 97, ssrc: 8 } : undefined,
    maxBitsPerSecond: 3_000_000,
    clock,
    transport: {
      connected: true,
      rtpOverhead: 0,
      sendRtp: (packet, headerLength) => {
        state.sent += 1;
        if ((packet.readUInt8(1) & 0x7f) === 97) state.again += 1;
        expect(packet.length).toBeLessThanOrEqual(1_200);
        carry(() => receiver.read(packet, packet.subarray(headerLength)));
      },
      sendRtcp: () => undefined,
    },
    onKeyFrameNeeded: () => {
      state.keyFrameAsked += 1;
    },
    onBitrate: (bitsPerSecond) => {
      state.bitrate = bitsPerSecond;
    },
  });
  leftOpen.push(() => {
    receiver.close();
    sender.close();
    clock.advance(1_000);
    return clock.pending;
  });
  let answered = 0;
  /** Sends a frame each 33 ms; a key frame first and where one was asked for. */
  const call = (frames: number, from = 0) => {
    for (let n = from; n < from + frames; n++) {
      const keyFrame = n === 0 || state.keyFrameAsked > answered;
      answered = state.keyFrameAsked;
      sender.send({ codec, data: frameBytes(codec, n, keyFrame), keyFrame, timestampUs: n * FRAME_MS * 1_000 });
      clock.advance(FRAME_MS);
    }
  };
  const numbers = () => shown.map(({ frame: { data } }) => (data.at(-1) ?? 0) - 1 + 250 * ((data.at(-2) ?? 0) - 1));
  const longestFreezeMs = () =>
    Math.max(...shown.map(({ atMs }, at) => (at === 0 ? 0 : atMs - (shown[at - 1]?.atMs ?? 0))));
  return { clock, state, shown, call, numbers, longestFreezeMs, sender, receiver };
}

afterEach(() => {
  for (const pending of leftOpen.splice(0)) expect(pending()).toBe(0);
});

describe("video over a network", () => {
  it("that loses nothing: every frame, in order, a key frame's burst spread, nothing asked for", () => {
    const { call, numbers, shown, state } = setUp({ loss: 0, delayMs: 20 });
    call(100);
    expect(numbers()).toEqual(Array.from({ length: 100 }, (_, n) => n));
    expect(state).toMatchObject({ again: 0, keyFrameAsked: 0 });
    expect(shown.map(({ frame }) => frame.keyFrame).filter(Boolean)).toHaveLength(1);
    // 17 packets: three bursts.
    expect(shown[0]?.atMs).toBe(30);
    expect(shown[0]?.frame.arrivedAtMs).toBe(20);
    expect(shown[50]?.frame.timestampUs).toBe((shown[0]?.frame.timestampUs ?? 0) + 50 * FRAME_MS * 1_000);
  });

  it.each(["vp8", "h264"] as const)("that mixes packets of %s up and copies them: the same", (codec) => {
    const { call, numbers, state } = setUp({ loss: 0, delayMs: 20, jitterMs: 9, copies: 0.3, codec });
    call(300);
    expect(numbers()).toEqual(Array.from({ length: numbers().length }, (_, n) => n));
    expect(numbers().length).toBeGreaterThan(297);
    expect(state.again).toBe(0);
  });

  it.each<[string, Network]>([
    ["5 %, 40 ms there and back, with retransmission", { loss: 0.05, delayMs: 20 }],
    ["5 %, 100 ms there and back, with retransmission", { loss: 0.05, delayMs: 50, jitterMs: 10 }],
    ["5 %, 40 ms there and back, packets coming again as they were", { loss: 0.05, delayMs: 20, rtx: false }],
    ["10 %, 100 ms there and back", { loss: 0.1, delayMs: 50 }],
    ["5 % of H.264, 100 ms there and back", { loss: 0.05, delayMs: 50, jitterMs: 10, codec: "h264" }],
    ["5 % of H.264, packets coming again as they were", { loss: 0.05, delayMs: 20, rtx: false, codec: "h264" }],
  ])("that loses %s: frames in order, no freeze over a second", (_, network) => {
    for (let seed = 1; seed <= 10; seed++) {
      const { call, numbers, longestFreezeMs, shown } = setUp(network, seed);
      call(600);
      const got = numbers();
      got.forEach((n, at) => {
        const before = at === 0 ? -1 : (got[at - 1] ?? 0);
        expect(n === before + 1 || (n > before && shown[at]?.frame.keyFrame === true)).toBe(true);
      });
      expect(longestFreezeMs()).toBeLessThan(1_000);
      expect(got.length).toBeGreaterThan(540);
    }
  });

  it("that fails for three seconds: a key frame brings it back", () => {
    const { call, numbers, state, shown } = setUp({ loss: 0, delayMs: 30 });
    call(60);
    state.loss = 1;
    call(90, 60);
    const during = shown.length;
    state.loss = 0;
    call(30, 150);
    expect(shown[during]?.frame.keyFrame).toBe(true);
    expect(numbers().at(-1)).toBeGreaterThan(175);
    expect(state.keyFrameAsked).toBeLessThan(4);
  });

  it("asks for a key frame where it comes in the middle, until it gets one", () => {
    const { call, state, shown } = setUp({ loss: 1, delayMs: 20 });
    call(10);
    state.loss = 0;
    call(30, 10);
    expect(state.keyFrameAsked).toBeGreaterThan(0);
    expect(shown[0]?.frame.keyFrame).toBe(true);
    expect(shown.length).toBeGreaterThan(20);
  });

  it("tells the sender what it may send", () => {
    const { call, state } = setUp({ loss: 0, delayMs: 20 });
    call(10);
    // Nine digits of a float with 18 bits.
    expect(state.bitrate).toBeGreaterThan(1_234_000);
    expect(state.bitrate).toBeLessThanOrEqual(1_234_567);
  });

  it("says nothing more once the client sends nothing", () => {
    const { call, clock, state } = setUp({ loss: 0, delayMs: 20 });
    call(30);
    clock.advance(2_000);
    const before = state.rtcp;
    clock.advance(60_000);
    expect(state.rtcp).toBe(before);
    expect(clock.pending).toBe(0);
  });

  it("sends a packet again only so often, however often it is asked", () => {
    const { call, clock, sender, state } = setUp({ loss: 0, delayMs: 20 });
    call(30);
    const all = Array.from({ length: 0x10000 }, (_, n) => n);
    for (let n = 0; n < 1_000; n++) {
      sender.heard({ kind: "resend", sequenceNumbers: all });
      clock.advance(5);
    }
    // 30 frames of 3 packets and a key frame of 17, 8 times each.
    expect(state.again).toBeLessThanOrEqual(8 * (29 * 3 + 17));
    expect(state.again).toBeGreaterThan(0);
  });

  it("refuses frames while too much waits to be sent, and takes them again later", () => {
    const { sender, clock } = setUp({ loss: 0, delayMs: 20 });
    const large = { codec: "vp8", data: new Uint8Array(200_000), keyFrame: true, timestampUs: 0 } as const;
    const taken = [1, 2, 3, 4, 5].map(() => sender.send(large));
    expect(taken).toEqual([true, true, false, false, false]);
    clock.advance(1_000);
    expect(sender.send(large)).toBe(true);
    clock.advance(1_000);
  });

  it("asks the encoder once for requests that come together", () => {
    const { sender, clock, state } = setUp({ loss: 0, delayMs: 20 });
    for (let n = 0; n < 50; n++) sender.heard({ kind: "key_frame" });
    expect(state.keyFrameAsked).toBe(1);
    clock.advance(200);
    sender.heard({ kind: "key_frame" });
    expect(state.keyFrameAsked).toBe(2);
  });
});
