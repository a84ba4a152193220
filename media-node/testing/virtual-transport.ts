/** A client without a network: audio goes in as PCM, what the session sends is handed out as PCM, at its moment. */
import type { EndReason } from "../../shared/session.ts";
import type { AudioEncoder } from "../audio/audio-encoder.ts";
import type { AudioFrame } from "../audio/frame.ts";
import { FRAME_MS } from "../audio/opus.ts";
import type { AudioOutput, ListenFormat, MediaTransport, TransportEvents } from "../transport/media-transport.ts";

/** Of what is sent to the client. */
export const OUTPUT_SAMPLE_RATE = 24_000;

export interface VirtualTransportOptions {
  /** 20 ms of audio leave: Int16 mono at {@link OUTPUT_SAMPLE_RATE}. */
  readonly onAudio: (samples: Int16Array) => void;
  readonly onText: (text: string) => void;
}

export class VirtualTransport implements MediaTransport {
  readonly manners = "channel";
  readonly output: AudioOutput;
  readonly #onText: (text: string) => void;
  /** To be told what happens to the connection. */
  readonly events: TransportEvents;
  /** How the handler wants the client's audio, from the moment it runs. */
  format: ListenFormat | undefined;
  /** Encoders that were not freed. */
  openEncoders = 0;
  #state: "open" | "closed" = "open";

  constructor(options: VirtualTransportOptions, events: TransportEvents) {
    this.#onText = options.onText;
    this.events = events;
    this.output = {
      rateFor: () => OUTPUT_SAMPLE_RATE,
      createEncoder: async () => this.#encoder(),
      send: (payload) => {
        if (this.#state === "open")
          options.onAudio(new Int16Array(payload.buffer, payload.byteOffset, payload.length / 2));
      },
    };
  }

  async listen(format: ListenFormat): Promise<void> {
    if (this.#state === "open") this.format = format;
  }

  /** The client's audio: in the format it was asked for. Lost while nobody listens. */
  hear(frame: AudioFrame): void {
    if (this.#state === "open" && this.format !== undefined) this.events.audio(frame);
  }

  /** A text of the client's. */
  say(text: string): void {
    if (this.#state === "open") this.events.message(text);
  }

  sendText(text: string): boolean {
    if (this.#state === "closed") return false;
    this.#onText(text);
    return true;
  }

  async close(_reason: EndReason): Promise<void> {
    this.#state = "closed";
    this.format = undefined;
  }

  /** The codec: none. */
  #encoder(): AudioEncoder {
    this.openEncoders += 1;
    return {
      frameSize: (OUTPUT_SAMPLE_RATE * FRAME_MS) / 1_000,
      encode: (samples) => {
        const copy = samples.slice();
        return new Uint8Array(copy.buffer);
      },
      free: () => {
        this.openEncoders -= 1;
      },
    };
  }
}
