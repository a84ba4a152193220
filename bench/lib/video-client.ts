/**
 * A WebRTC client with a camera that costs little: its pictures were encoded before, and what comes back is counted by its RTP
 * time, which a stream keeps, and not decoded.
 */
import { MediaStreamTrack, RTCPeerConnection, RtpHeader, RtpPacket, useVP8 } from "werift";
import { toVp8Payloads } from "../../media-node/transport/video/vp8-payload.ts";
import { createVideoEncoder } from "../../media-node/video/codec/index.ts";
import { i420Bytes } from "../../media-node/video/convert.ts";
import { sendCloseNotify } from "../../test/support/close-notify.ts";
import { postOffer } from "./load-client.ts";
import { abortable } from "./wait.ts";

export const FRAMES_PER_SECOND = 30;
const CLOCK_PER_FRAME = 90_000 / FRAMES_PER_SECOND;
export const WIDTH = 640;
export const HEIGHT = 480;
const CONNECT_TIMEOUT_MS = 20_000;
const MAX_PAYLOAD_BYTES = 1_150;
const LOOP_FRAMES = 120;
const BITS_PER_SECOND = 800_000;

export interface ReturnedFrame {
  readonly atMs: number;
  /** From the moment its first packet was sent to the moment its last came back. */
  readonly delayMs: number;
}

export class VideoClient {
  /** Kept only while `recording`. */
  readonly returned: ReturnedFrame[] = [];
  recording = false;
  readonly #frames: readonly Uint8Array[];
  readonly #connection: RTCPeerConnection;
  readonly #track = new MediaStreamTrack({ kind: "video" });
  readonly #connected = Promise.withResolvers<void>();
  readonly #sentAtMs = new Map<number, number>();
  #next = 0;
  #sent = 0;
  #timestamp = Math.floor(Math.random() * 0x4000_0000);
  #sequenceNumber = Math.floor(Math.random() * 0x4000);

  /** @param frames in VP8, the first a key frame */
  constructor(frames: readonly Uint8Array[]) {
    this.#frames = frames;
    this.#connection = new RTCPeerConnection({
      iceServers: [{ urls: "stun:127.0.0.1:9" }],
      iceStunGatherTimeout: 0.01,
      iceUseIpv6: false,
      bundlePolicy: "max-bundle",
      codecs: { audio: [], video: [useVP8()] },
    });
    this.#connection.connectionStateChange.subscribe((state) => {
      if (state === "connected") this.#connected.resolve();
    });
    this.#connection.createDataChannel("text");
    const transceiver = this.#connection.addTransceiver(this.#track, { direction: "sendrecv" });
    transceiver.sender.onPictureLossIndication.subscribe(() => {
      this.#next = 0;
    });
    transceiver.onTrack.subscribe((track) => {
      track.onReceiveRtp.subscribe(({ header: { timestamp, marker } }) => {
        if (marker) this.#cameBack(timestamp);
      });
    });
  }

  /** Pictures sent so far. */
  get sent(): number {
    return this.#sent;
  }

  async connect(streamUrl: string, rowSignal: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([rowSignal, AbortSignal.timeout(CONNECT_TIMEOUT_MS)]);
    await this.#connection.setLocalDescription(await this.#connection.createOffer());
    const sdp = await postOffer(streamUrl, this.#connection.localDescription?.sdp ?? "", crypto.randomUUID(), signal);
    await this.#connection.setRemoteDescription({ type: "answer", sdp });
    await abortable(this.#connected.promise, signal);
  }

  /** Sends the next picture. */
  sendFrame(): void {
    const frame = this.#frames[this.#next % this.#frames.length];
    if (frame === undefined) return;
    this.#next += 1;
    this.#sent += 1;
    this.#timestamp = (this.#timestamp + CLOCK_PER_FRAME) >>> 0;
    this.#sentAtMs.set(this.#timestamp, performance.now());
    const payloads = toVp8Payloads(frame, this.#sent, MAX_PAYLOAD_BYTES);
    payloads.forEach((payload, at) => {
      this.#sequenceNumber = (this.#sequenceNumber + 1) & 0xffff;
      const header = new RtpHeader({
        sequenceNumber: this.#sequenceNumber,
        timestamp: this.#timestamp,
        payloadType: 96,
        marker: at === payloads.length - 1,
      });
      this.#track.writeRtp(new RtpPacket(header, Buffer.from(payload)));
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.#connection.dtlsTransports.map(sendCloseNotify));
    await this.#connection.close();
  }

  #cameBack(timestamp: number): void {
    const sentAtMs = this.#sentAtMs.get(timestamp);
    if (sentAtMs === undefined) return;
    this.#sentAtMs.delete(timestamp);
    const atMs = performance.now();
    if (this.recording) this.returned.push({ atMs, delayMs: atMs - sentAtMs });
  }
}

/** A face before a wall, moving, with a camera's noise: four seconds, the first picture a key frame. */
export async function encodedCamera(): Promise<readonly Uint8Array[]> {
  const encoder = await createVideoEncoder({ codec: "vp8", bitsPerSecond: BITS_PER_SECOND });
  const frames: Uint8Array[] = [];
  for (let n = 0; n < LOOP_FRAMES; n++) {
    const timestampUs = (n * 1_000_000) / FRAMES_PER_SECOND;
    const frame = await encoder.encode({ data: face(n), width: WIDTH, height: HEIGHT, format: "i420", timestampUs });
    if (frame !== undefined) frames.push(frame.data);
  }
  encoder.close();
  return frames;
}

/** One picture of it, in I420. */
export function face(n: number): Uint8Array {
  const data = new Uint8Array(i420Bytes(WIDTH, HEIGHT)).fill(128);
  const x0 = WIDTH / 2 + 80 * Math.sin(n / 15);
  const y0 = HEIGHT / 2 + 30 * Math.cos(n / 11);
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      const inside = Math.hypot(x - x0, (y - y0) * 0.8) < 110;
      const shade = inside
        ? 120 + 40 * Math.sin((x - x0) / 9) * Math.cos((y - y0) / 13)
        : 40 + ((x + y) >> 3) + (((x * 7_919) ^ (y * 104_729)) & 15);
      data[y * WIDTH + x] = shade + Math.random() * 3;
    }
  }
  return data;
}
