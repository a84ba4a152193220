/**
 * A session over a telephone provider's media socket: G.711 at 8 kHz in JSON, with the provider's own messages around it. It
 * begins when the provider's `start` has come. What a session tells clients that have a page stays here: a telephone cannot show
 * it, and providers refuse what they do not know.
 */
import type { EndReason } from "../../../shared/session.ts";
import {
  type CallMessage,
  type CallStart,
  type CallWire,
  TELEPHONE_RATE,
} from "../../../shared/telephone/call-message.ts";
import { readCallMessage, WIRES } from "../../../shared/telephone/providers.ts";
import { type G711, g711 } from "../../audio/g711.ts";
import { FRAME_MS } from "../../audio/opus.ts";
import type { Pacing } from "../../audio/player.ts";
import type { Clock, Timer } from "../../time/clock.ts";
import type { AudioOutput, ListenFormat, MediaTransport, TransportEnd, TransportEvents } from "../media-transport.ts";
import { IncomingAudio } from "../websocket/incoming-audio.ts";
import { ChunkOrder } from "./chunk-order.ts";
import { PlaybackLag } from "./playback-lag.ts";

/**
 * How far what is sent may be ahead of real time. A hiccup of the network this long is not heard; and when somebody interrupts,
 * no more than this is heard on before the provider has dropped it.
 */
const PACING: Pacing = { leadMs: 80, chunkMs: FRAME_MS };
/** A mark is sent after this much audio, and once nothing has followed for {@link TAIL_MS}. */
const MARK_EVERY_MS = 200;
const TAIL_MS = 60;
/** Samples of one message at most: five seconds. Providers send 20 ms. */
const MAX_PAYLOAD_SAMPLES = 5 * TELEPHONE_RATE;
/** Messages that cannot be read, in one call. Past it the call is dropped: what comes is no call. */
const MAX_UNREADABLE = 20;
/** What is not on its way to the provider yet. Past it the call is dropped: nothing of it is heard any more. */
const MAX_BACKLOG_BYTES = 256 * 1024;
/** A provider sends all the time. Without a word for this long it is gone. */
const SILENT_MS = 30_000;
const NORMAL_CLOSE = 1000;

/** As much of a WebSocket as is used to answer. */
export interface CallSocket {
  send(text: string): void;
  close(code: number, reason: string): void;
  /** Not sent yet. */
  readonly bufferedAmount: number;
}

export interface TelephoneOptions {
  readonly socket: CallSocket;
  readonly call: CallStart;
  readonly clock: Clock;
  readonly log: { error(fields: object, message: string): void };
}

export class TelephoneTransport implements MediaTransport {
  readonly manners = "telephone";
  readonly output: AudioOutput;
  readonly #options: TelephoneOptions;
  readonly #events: TransportEvents;
  readonly #wire: CallWire;
  readonly #codec: G711;
  readonly #lag: PlaybackLag;
  readonly #order: ChunkOrder<string>;
  #incoming: IncomingAudio | undefined;
  #unmarkedMs = 0;
  #tail: Timer | undefined;
  #watch: Timer | undefined;
  #heardMs: number;
  #unreadable = 0;
  #state: "open" | "closed" = "open";

  constructor(options: TelephoneOptions, events: TransportEvents) {
    this.#options = options;
    this.#events = events;
    const { call, clock } = options;
    this.#wire = WIRES[call.provider];
    this.#codec = g711(call.law);
    this.#lag = new PlaybackLag(clock);
    this.#order = new ChunkOrder((payload) => this.#hear(payload));
    this.#heardMs = clock.nowMs();
    this.output = {
      rateFor: () => TELEPHONE_RATE,
      createEncoder: async () => ({
        frameSize: (TELEPHONE_RATE * FRAME_MS) / 1_000,
        encode: (samples) => this.#codec.encode(samples),
        free: () => undefined,
      }),
      pacing: PACING,
      lagMs: () => this.#lag.ms,
      send: (payload) => this.#play(payload),
      clear: () => this.#clear(),
      // Every provider knows how.
      recalls: true,
    };
  }

  /** The call's particulars: who is on the line, and through whom. */
  get call(): CallStart {
    return this.#options.call;
  }

  /** The provider has said `start`. */
  begin(): void {
    this.#watchProvider();
    this.#events.connected();
    this.#events.channelOpen();
  }

  /** Takes a message of the provider's. @param data text; anything else is binary. */
  receive(data: unknown): void {
    if (this.#state === "closed") return;
    this.#heardMs = this.#options.clock.nowMs();
    const reading = readCallMessage(data, this.call.provider);
    if (reading.ok) this.#take(reading.message);
    else this.#refuse(reading.why);
  }

  /** The provider has closed the socket, or it was lost. */
  socketClosed(): void {
    this.#end("client_closed");
  }

  async listen(format: ListenFormat): Promise<void> {
    if (this.#state === "closed") return;
    this.#incoming = new IncomingAudio({
      ...format,
      clock: this.#options.clock,
      sourceRate: TELEPHONE_RATE,
      onFrame: (frame) => this.#events.audio(frame),
    });
  }

  /** There is nothing to show it on. */
  sendText(): boolean {
    return false;
  }

  async close(reason: EndReason): Promise<void> {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#tail?.cancel();
    this.#watch?.cancel();
    this.#incoming?.close();
    this.#incoming = undefined;
    this.#options.socket.close(NORMAL_CLOSE, reason);
  }

  #take(message: CallMessage): void {
    switch (message.event) {
      case "start":
        if (message.streamId !== this.call.streamId) this.#refuse("The call has started, and another `start` came.");
        break;
      case "media":
        this.#order.push(message.chunk, message.payload);
        break;
      case "mark":
        this.#lag.returned(message.name);
        break;
      case "dtmf":
        this.#events.dtmf(message.digit);
        break;
      case "stop":
        this.#end("client_closed");
        break;
      case "fault":
        this.#logError({ what: message.what }, "the telephone provider found fault with a message");
        break;
      case "connected":
      case "other":
        break;
    }
  }

  /** Something that is no message of a call. One is a slip, many are somebody else. */
  #refuse(why: string): void {
    this.#unreadable += 1;
    if (this.#unreadable === 1) this.#logError({ why }, "a message of a telephone call cannot be read");
    if (this.#unreadable > MAX_UNREADABLE) this.#end("failed");
  }

  #hear(payload: string): void {
    const bytes = Buffer.from(payload, "base64");
    if (bytes.length === 0 || bytes.length > MAX_PAYLOAD_SAMPLES) {
      this.#refuse(`A \`media\` message has ${bytes.length} samples.`);
      return;
    }
    // What is too far ahead of its time is dropped: no provider sends it so.
    this.#incoming?.push(this.#codec.decode(bytes));
  }

  #play(payload: Uint8Array): void {
    this.#lag.sent(FRAME_MS);
    this.#send(this.#wire.media(this.call, Buffer.from(payload).toString("base64")));
    this.#unmarkedMs += FRAME_MS;
    this.#tail?.cancel();
    if (this.#unmarkedMs >= MARK_EVERY_MS) this.#mark();
    else this.#tail = this.#options.clock.after(TAIL_MS, () => this.#mark());
  }

  #mark(): void {
    this.#unmarkedMs = 0;
    this.#send(this.#wire.mark(this.call, this.#lag.mark()));
  }

  #clear(): void {
    this.#tail?.cancel();
    this.#unmarkedMs = 0;
    this.#lag.cleared();
    this.#send(this.#wire.clear(this.call));
  }

  #send(text: string): void {
    const { socket } = this.#options;
    if (this.#state === "closed") return;
    if (socket.bufferedAmount > MAX_BACKLOG_BYTES) this.#end("peer_lost");
    else socket.send(text);
  }

  #watchProvider(): void {
    this.#watch = this.#options.clock.after(SILENT_MS / 3, () => {
      if (this.#options.clock.nowMs() - this.#heardMs >= SILENT_MS) this.#end("peer_lost");
      else this.#watchProvider();
    });
  }

  /** The call has ended by itself: the session will close it. */
  #end(reason: TransportEnd): void {
    if (this.#state === "open") this.#events.ended(reason);
  }

  #logError(fields: object, message: string): void {
    const { provider, streamId, callId } = this.call;
    this.#options.log.error({ provider, streamId, callId, ...fields }, message);
  }
}
