/**
 * A session over a telephone provider's media socket: G.711 at 8 kHz in JSON, with the provider's own messages around it. What a
 * session tells clients that have a page stays here: a telephone cannot show it, and providers refuse what they do not know.
 */

import type { EndReason } from "../../../shared/session.ts";
import { type CallMessage, type CallStart, TELEPHONE_RATE } from "../../../shared/telephone/call-message.ts";
import { readCallMessage, WIRES } from "../../../shared/telephone/providers.ts";
import { g711 } from "../../audio/g711.ts";
import { FRAME_MS } from "../../audio/opus.ts";
import type { AudioEncoder, Pacing } from "../../audio/player.ts";
import { Resampler } from "../../audio/resample.ts";
import type { Clock, Timer } from "../../time/clock.ts";
import type { AudioOutput, ListenFormat, MediaTransport, TransportEvents } from "../media-transport.ts";
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
/** Without media for this long, silence is filled in: whoever listens for the end of speech must hear it come. */
const STARVED_MS = 500;
/** Silence filled in for one gap at most: any turn has ended by then. */
const MAX_FILL_MS = 2_000;
/** Samples of one message: five seconds. Providers send 20 ms. */
const MAX_PAYLOAD_SAMPLES = 5 * TELEPHONE_RATE;
/** Messages that cannot be read, in one call. Past it the call is dropped: what comes is no call. */
const MAX_UNREADABLE = 20;
/** What is not on its way to the provider yet. Past it the call is dropped: nothing of it is heard any more. */
const MAX_BUFFERED_BYTES = 256 * 1024;

/** WebSocket's own codes (RFC 6455). */
const NORMAL = 1000;
const POLICY = 1008;

/** As much of a WebSocket as is used. */
export interface CallSocket {
  send(text: string): void;
  close(code: number, reason: string): void;
  /** Not sent yet. */
  readonly bufferedAmount: number;
}

export interface TelephoneOptions {
  readonly socket: CallSocket;
  readonly clock: Clock;
  readonly log: { info(fields: object, message: string): void; error(fields: object, message: string): void };
  /** The call's particulars are known: it can be claimed under its stream's id. Media flows once this has settled. */
  readonly onStart: (call: CallStart) => Promise<void> | void;
}

/** `waiting` for the provider's `start`; `claiming` the session's client id; then media flows. */
type State =
  | { readonly phase: "waiting" | "closed" }
  | { readonly phase: "claiming" | "live"; readonly call: CallStart };

export class TelephoneTransport implements MediaTransport {
  readonly manners = "telephone";
  readonly output: AudioOutput;
  readonly #options: TelephoneOptions;
  readonly #events: TransportEvents;
  readonly #lag: PlaybackLag;
  readonly #order: ChunkOrder<string>;
  #state: State = { phase: "waiting" };
  #listening: Listening | undefined;
  #unmarkedMs = 0;
  #tail: Timer | undefined;
  #starvation: Timer | undefined;
  #lastMediaMs = 0;
  #filledMs = 0;
  #unreadable = 0;

  constructor(options: TelephoneOptions, events: TransportEvents) {
    this.#options = options;
    this.#events = events;
    this.#lag = new PlaybackLag(options.clock);
    this.#order = new ChunkOrder((payload) => this.#hear(payload));
    this.output = {
      rateFor: () => TELEPHONE_RATE,
      createEncoder: async () => this.#encoder(),
      pacing: PACING,
      lagMs: () => this.#lag.ms,
      send: (payload) => this.#play(payload),
      clear: () => this.#clear(),
    };
  }

  /** The call's particulars, once its provider has told them. */
  get call(): CallStart | null {
    return "call" in this.#state ? this.#state.call : null;
  }

  /** Takes a message of the provider's. @param data text; anything else is binary. */
  receive(data: unknown): void {
    if (this.#state.phase === "closed") return;
    const reading = readCallMessage(data, this.call?.provider ?? null);
    if (reading.ok) this.#take(reading.message);
    else this.#refuse(reading.why);
  }

  /** The provider has closed the socket, or it was lost. */
  socketClosed(): void {
    this.#leave("client_closed");
  }

  async listen({ sampleRate, channels }: ListenFormat): Promise<void> {
    if (this.#state.phase === "closed") return;
    const resampler = sampleRate === TELEPHONE_RATE ? undefined : new Resampler(TELEPHONE_RATE, sampleRate);
    this.#listening = { sampleRate, channels, resampler };
    this.#lastMediaMs = this.#options.clock.nowMs();
    this.#watch(STARVED_MS);
  }

  /** There is nothing to show it on. */
  sendText(): boolean {
    return false;
  }

  async close(reason: EndReason): Promise<void> {
    if (this.#state.phase === "closed") return;
    this.#shut(NORMAL, reason);
  }

  #take(message: CallMessage): void {
    switch (message.event) {
      case "start":
        this.#start(message);
        break;
      case "media":
        if (this.#state.phase === "live") this.#order.push(message.chunk, message.payload);
        break;
      case "mark":
        this.#lag.returned(message.name);
        break;
      case "dtmf":
        if (this.#state.phase === "live") this.#events.dtmf(message.digit);
        break;
      case "stop":
        this.#leave("client_closed");
        break;
      case "fault":
        this.#options.log.error(
          { ...this.#ids, what: message.what },
          "the telephone provider found fault with a message",
        );
        break;
      case "connected":
      case "other":
        break;
    }
  }

  #start(call: CallStart): void {
    if (this.#state.phase !== "waiting") {
      if (this.call?.streamId !== call.streamId) this.#refuse("The call has started, and another `start` came.");
      return;
    }
    this.#state = { phase: "claiming", call };
    const go = (): void => {
      if (this.#state.phase !== "claiming") return;
      this.#state = { phase: "live", call };
      this.#events.connected();
      this.#events.channelOpen();
    };
    Promise.resolve(this.#options.onStart(call)).then(go, (error: unknown) => {
      this.#options.log.error({ ...this.#ids, err: error }, "a telephone call could not start");
      this.#leave("failed");
    });
  }

  /** Something that is no message of a call. One is a slip, many are somebody else. */
  #refuse(why: string): void {
    this.#unreadable += 1;
    if (this.#unreadable === 1)
      this.#options.log.error({ ...this.#ids, why }, "a message of a telephone call cannot be read");
    if (this.#unreadable > MAX_UNREADABLE || this.#state.phase === "waiting") {
      this.#shut(POLICY, why);
      this.#events.ended("failed");
    }
  }

  // --- what the caller says ------------------------------------------------------------------------------------------

  #hear(payload: string): void {
    const { call } = this;
    if (call === null) return;
    const bytes = Buffer.from(payload, "base64");
    if (bytes.length === 0 || bytes.length > MAX_PAYLOAD_SAMPLES) {
      this.#refuse(`A \`media\` message has ${bytes.length} samples.`);
      return;
    }
    this.#lastMediaMs = this.#options.clock.nowMs();
    this.#filledMs = 0;
    this.#deliver(g711(call.law).decode(bytes));
  }

  #deliver(samples: Int16Array): void {
    if (this.#listening === undefined) return;
    const { sampleRate, channels, resampler } = this.#listening;
    const mono = resampler?.process(samples) ?? samples;
    if (mono.length === 0) return;
    this.#events.audio({ sampleRate, samples: channels === 1 ? mono : twice(mono), channels });
  }

  #watch(delayMs: number): void {
    const { clock } = this.#options;
    this.#starvation = clock.after(delayMs, () => {
      const quietMs = clock.nowMs() - this.#lastMediaMs;
      if (quietMs >= STARVED_MS && this.#filledMs < MAX_FILL_MS) {
        const owedMs = Math.min(quietMs, MAX_FILL_MS) - this.#filledMs;
        const frames = Math.floor(owedMs / FRAME_MS);
        for (let i = 0; i < frames; i++) this.#deliver(new Int16Array((TELEPHONE_RATE * FRAME_MS) / 1_000));
        this.#filledMs += frames * FRAME_MS;
      }
      this.#watch(STARVED_MS / 2);
    });
  }

  // --- what the caller hears -----------------------------------------------------------------------------------------

  #encoder(): AudioEncoder {
    const codec = g711(this.call?.law ?? "mulaw");
    return {
      frameSize: (TELEPHONE_RATE * FRAME_MS) / 1_000,
      encode: (samples) => codec.encode(samples),
      free: () => undefined,
    };
  }

  #play(payload: Uint8Array): void {
    if (this.#state.phase !== "live") return;
    const { call } = this.#state;
    this.#lag.sent(FRAME_MS);
    this.#send(WIRES[call.provider].media(call, Buffer.from(payload).toString("base64")));
    this.#unmarkedMs += FRAME_MS;
    this.#tail?.cancel();
    if (this.#unmarkedMs >= MARK_EVERY_MS) this.#mark(call);
    else this.#tail = this.#options.clock.after(TAIL_MS, () => this.#mark(call));
  }

  #mark(call: CallStart): void {
    this.#tail?.cancel();
    this.#tail = undefined;
    this.#unmarkedMs = 0;
    if (this.#state.phase === "live") this.#send(WIRES[call.provider].mark(call, this.#lag.mark()));
  }

  #clear(): void {
    if (this.#state.phase !== "live") return;
    const { call } = this.#state;
    this.#tail?.cancel();
    this.#unmarkedMs = 0;
    this.#lag.cleared();
    this.#send(WIRES[call.provider].clear(call));
  }

  #send(text: string): void {
    const { socket } = this.#options;
    if (socket.bufferedAmount > MAX_BUFFERED_BYTES) {
      this.#shut(POLICY, "The provider takes nothing any more.");
      this.#events.ended("peer_lost");
      return;
    }
    socket.send(text);
  }

  // --- the end -------------------------------------------------------------------------------------------------------

  #leave(reason: "client_closed" | "failed"): void {
    if (this.#state.phase === "closed") return;
    this.#shut(NORMAL, "");
    this.#events.ended(reason);
  }

  #shut(code: number, reason: string): void {
    this.#state = { phase: "closed" };
    this.#tail?.cancel();
    this.#starvation?.cancel();
    this.#listening = undefined;
    this.#options.socket.close(code, reason.slice(0, 120));
  }

  get #ids(): object {
    const { call } = this;
    return call === null ? {} : { provider: call.provider, streamId: call.streamId, callId: call.callId };
  }
}

interface Listening extends ListenFormat {
  readonly resampler: Resampler | undefined;
}

/** One channel as two, interleaved. */
function twice(mono: Int16Array): Int16Array {
  const out = new Int16Array(2 * mono.length);
  for (let i = 0; i < out.length; i++) out[i] = mono[i >> 1] ?? 0;
  return out;
}
