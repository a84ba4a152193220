/** A client inside the process, to warm up with: its packets are coded and encrypted as a browser's are, and go nowhere. */
import { createSpeechDecoder, createSpeechEncoder, opusRateFor } from "../../audio/opus.ts";
import { AudioReceiver } from "../../audio/receiver.ts";
import type { Clock } from "../../time/clock.ts";
import type { AudioOutput, ListenFormat, MediaTransport, TransportEvents } from "../../transport/media-transport.ts";
import { RtpReceiver } from "../../transport/rtp-receiver.ts";
import { RTP_HEADER_LENGTH, rtpPacket } from "../../transport/rtp-sender.ts";
import { keyingLength, Srtp } from "../../transport/srtp/srtp.ts";

const PROFILE = "AEAD_AES_128_GCM";
/** Both sides have the same keys, and nobody else is to be kept from them. */
const KEYING = Buffer.alloc(keyingLength(PROFILE), 1);
const PAYLOAD_TYPE = 111;
const FRAME_TICKS = 960;

export class SealedTransport implements MediaTransport {
  readonly manners = "channel";
  readonly output: AudioOutput;
  /** To be told what happens to the connection. */
  readonly events: TransportEvents;
  /** Packets sent to the client. */
  sent = 0;
  readonly #clock: Clock;
  readonly #node = new Srtp(PROFILE, KEYING);
  readonly #client = new Srtp(PROFILE, KEYING);
  readonly #packets: RtpReceiver;
  #receiver: AudioReceiver | undefined;
  #sequenceNumber = 0;

  constructor(clock: Clock, events: TransportEvents) {
    this.#clock = clock;
    this.events = events;
    this.#packets = new RtpReceiver({ payloadType: PAYLOAD_TYPE, ssrc: 2, clock, report: () => undefined });
    this.output = {
      rateFor: opusRateFor,
      createEncoder: createSpeechEncoder,
      send: (payload, timestamp, marker) => this.#send(payload, timestamp, marker),
    };
  }

  async listen({ sampleRate, channels }: ListenFormat): Promise<void> {
    this.#receiver = new AudioReceiver({
      clock: this.#clock,
      decoder: await createSpeechDecoder(opusRateFor(sampleRate), channels),
      sampleRate,
      onFrame: (frame) => this.events.audio(frame),
    });
  }

  /** The client's next 20 ms, in Opus. */
  hear(opus: Uint8Array): void {
    this.#sequenceNumber += 1;
    const timestamp = this.#sequenceNumber * FRAME_TICKS;
    const fields = {
      payloadType: PAYLOAD_TYPE,
      marker: false,
      sequenceNumber: this.#sequenceNumber,
      timestamp,
      ssrc: 1,
    };
    const packet = rtpPacket(fields, opus, this.#client.rtpOverhead);
    this.#client.protectRtp(packet, RTP_HEADER_LENGTH);
    const payload = this.#node.unprotectRtp(packet);
    const audio = payload === undefined ? undefined : this.#packets.read(packet, payload);
    if (audio !== undefined) this.#receiver?.push(audio);
  }

  sendText(): boolean {
    return true;
  }

  async close(): Promise<void> {
    this.#receiver?.close();
    this.#receiver = undefined;
  }

  #send(payload: Uint8Array, timestamp: number, marker: boolean): void {
    this.sent += 1;
    const fields = { payloadType: PAYLOAD_TYPE, marker, sequenceNumber: this.sent & 0xffff, timestamp, ssrc: 2 };
    this.#node.protectRtp(rtpPacket(fields, payload, this.#node.rtpOverhead), RTP_HEADER_LENGTH);
  }
}
