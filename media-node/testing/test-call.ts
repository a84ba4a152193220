/**
 * A whole call in virtual time: the real session, turn taking and player around a stream, without network, codec or waiting. What
 * the caller says is played in, what they hear and are told is kept, and asserted on.
 */
import { AssertionError } from "node:assert";
import * as v from "valibot";
import { type ExtensionMessage, type FastRtcMessage, ServerMessage } from "../../shared/channel.ts";
import type { InputValues } from "../../shared/inputs.ts";
import type { EndReason } from "../../shared/session.ts";
import { type AudioFrame, toInt16, toMono } from "../audio/frame.ts";
import { FRAME_MS } from "../audio/opus.ts";
import { Resampler } from "../audio/resample.ts";
import { readWav, writeWav } from "../audio/wav.ts";
import { Session } from "../session/session.ts";
import type { Stream } from "../stream/stream.ts";
import { VirtualClock } from "../time/virtual-clock.ts";
import { tone } from "./scripted-models.ts";
import { isAudible, Recording, type Stretch, Stretches } from "./timeline.ts";
import { OUTPUT_SAMPLE_RATE, VirtualTransport } from "./virtual-transport.ts";
import { scriptedVad, type VoiceActivity } from "./voice-activity.ts";

/** Speech with gaps up to this is one utterance: stops within words are shorter. */
const JOIN_SPEECH_MS = 250;
/** Output with gaps up to this never stopped. */
const JOIN_OUTPUT_MS = 60;
/** Events that are kept of a call that is recorded, and of another; past it the oldest are forgotten. */
const MAX_EVENTS = 10_000;
const MAX_EVENTS_UNRECORDED = 100;
/** The same for lines of the conversation. */
const MAX_LINES = 200;

type Message = FastRtcMessage | ExtensionMessage;

/** Something the client was told, and when. */
export interface CallEvent {
  /** Of the call. */
  readonly atMs: number;
  /** As it goes over the wire; `text` is a text of the handler's own. */
  readonly message: Message | { readonly type: "text"; readonly data: string };
}

/** A line of the conversation as the client has it. */
export interface TranscriptLine {
  readonly role: "user" | "assistant";
  readonly text: string;
}

export interface TestCallOptions {
  /** Give the scripted models the same one. Default: a new one. */
  readonly clock?: VirtualClock;
  /** Default: whatever is loud is speech. */
  readonly vad?: VoiceActivity;
  /** Keep what is heard, for {@link TestCall.recording}, and all events; else the last hundred. Default true; an hour has 173 MB. */
  readonly record?: boolean;
  /** The stream's inputs as the client has them at the beginning. Default: as declared. */
  readonly inputs?: InputValues;
}

export class TestCall {
  readonly clock: VirtualClock;
  /** What the client was told, in order. */
  readonly events: CallEvent[] = [];
  /** What went wrong, as the node's log has it. */
  readonly errors: unknown[] = [];
  /** Why the call ended; undefined while it goes on. */
  ended: EndReason | undefined;
  readonly #vad: VoiceActivity;
  readonly #session: Session<VirtualTransport>;
  readonly #recording = new Recording(OUTPUT_SAMPLE_RATE);
  readonly #startMs: number;
  readonly #maxKept: number;
  readonly #said = new Stretches(JOIN_SPEECH_MS);
  readonly #heard = new Stretches(JOIN_OUTPUT_MS);
  /** Where replies were cut off by the user, in ms of what was heard of them. */
  readonly #cuts: number[] = [];
  readonly #lines = new Map<number, TranscriptLine>();
  #turn: string | undefined;
  #replyHeardMs = 0;

  /** Connects a call to the stream; its handler runs when this settles. */
  static async start(stream: Stream, options: TestCallOptions = {}): Promise<TestCall> {
    const call = new TestCall(stream, options);
    await call.#connect(options.inputs);
    return call;
  }

  private constructor(
    stream: Stream,
    { clock = new VirtualClock(), vad = scriptedVad(), record = true }: TestCallOptions,
  ) {
    this.clock = clock;
    this.#vad = vad;
    this.#startMs = clock.nowMs();
    this.#maxKept = record ? MAX_EVENTS : MAX_EVENTS_UNRECORDED;
    this.#session = new Session({
      sid: "test",
      clientId: "test",
      stream: { stream, descriptor: stream.describe("test", 0) },
      connect: (events) =>
        new VirtualTransport(
          {
            onAudio: (samples) => this.#onAudio(samples, record),
            onText: (text) => this.#onText(text),
          },
          events,
        ),
      clock,
      openVad: (onProbability) => vad.open(onProbability),
      log: { info: () => undefined, error: ({ err }: { err?: unknown }) => this.#keep(this.errors, err) },
      onConnected: () => undefined,
      onOutput: () => undefined,
      onEnded: (reason) => {
        this.ended = reason;
      },
    });
  }

  async #connect(inputs: InputValues | undefined): Promise<void> {
    const { transport } = this.#session;
    await this.#session.begin(() => Promise.resolve());
    transport.events.connected();
    transport.events.hello();
    if (inputs !== undefined) this.#session.setInputs(inputs);
    transport.events.channelOpen();
    await this.pass(0);
  }

  /** Milliseconds since the call began. */
  get nowMs(): number {
    return this.clock.nowMs() - this.#startMs;
  }

  /** The caller says this, while time passes: PCM of any rate, or the bytes of a WAV file. */
  async say(audio: AudioFrame | Uint8Array): Promise<void> {
    const frame = audio instanceof Uint8Array ? readWav(audio) : audio;
    const sampleRate = this.#session.transport.format?.sampleRate ?? frame.sampleRate;
    const mono = toInt16(toMono(frame));
    const samples = frame.sampleRate === sampleRate ? mono : new Resampler(frame.sampleRate, sampleRate).process(mono);
    const perFrame = (sampleRate * FRAME_MS) / 1_000;
    for (let offset = 0; offset < samples.length; offset += perFrame) {
      const piece = new Int16Array(perFrame);
      piece.set(samples.subarray(offset, offset + perFrame));
      await this.#sayFrame(piece, sampleRate);
    }
  }

  /** The caller makes a sound that is taken for speech. */
  speak(durationMs: number): Promise<void> {
    return this.say(tone(durationMs));
  }

  /** The caller is silent. */
  async silence(durationMs: number): Promise<void> {
    const sampleRate = this.#session.transport.format?.sampleRate ?? OUTPUT_SAMPLE_RATE;
    const perFrame = (sampleRate * FRAME_MS) / 1_000;
    for (let ms = 0; ms < durationMs; ms += FRAME_MS) await this.#sayFrame(new Int16Array(perFrame), sampleRate);
  }

  /** Time passes, and nothing comes from the caller: no packet either. */
  async pass(durationMs: number): Promise<void> {
    await this.clock.advanceAsync(durationMs);
  }

  /** The client sends a text over the data channel. */
  async send(text: string): Promise<void> {
    this.#session.transport.say(text);
    await this.pass(0);
  }

  /** The client sends inputs. @throws EdgeRtcError for values that the stream does not take. */
  async setInputs(values: InputValues): Promise<void> {
    this.#session.setInputs(values);
    await this.pass(0);
  }

  /** The client asks for an answer now. @throws EdgeRtcError as the handler does. */
  async triggerResponse(): Promise<void> {
    this.#session.triggerResponse();
    await this.pass(0);
  }

  /** The client hangs up. @throws AssertionError where the session leaves a timer or an encoder behind. */
  async hangUp(): Promise<void> {
    this.#session.end("client_closed");
    await this.pass(0);
    const { pending } = this.clock;
    const { openEncoders } = this.#session.transport;
    if (pending > 0 || openEncoders > 0)
      fail(`The call ended and left ${pending} timers and ${openEncoders} encoders behind.`, pending, 0);
  }

  /** Everything the caller heard, from the beginning of the call on: 24 kHz mono. Empty where nothing is recorded. */
  get recording(): AudioFrame & { readonly samples: Int16Array } {
    return this.#recording.audio;
  }

  /** The same as the bytes of a WAV file. */
  get wav(): Uint8Array {
    const { samples, sampleRate } = this.recording;
    return writeWav(samples, sampleRate);
  }

  /** When the caller made a sound. */
  get spoken(): readonly Stretch[] {
    return this.#said.all;
  }

  /** When the caller heard a sound. */
  get heard(): readonly Stretch[] {
    return this.#heard.all;
  }

  /** The conversation so far; of a reply that was cut off, what was heard. */
  get transcript(): readonly TranscriptLine[] {
    return [...this.#lines.values()].filter(({ text }) => text !== "");
  }

  /** Texts of the client's `error` messages. */
  get failures(): readonly string[] {
    return this.events.flatMap(({ message }) => (message.type === "error" ? [message.message] : []));
  }

  /**
   * The first sound after the caller spoke last came no later than that.
   * @returns how long it took. @throws AssertionError
   */
  repliedWithin(limitMs: number): number {
    const { endMs } = this.#said.last ?? fail("The caller has said nothing.");
    const reply = this.#heard.all.find(({ startMs }) => startMs >= endMs);
    if (reply === undefined) return fail(`No reply ${this.nowMs - endMs} ms after the caller fell silent.`);
    const tookMs = reply.startMs - endMs;
    if (tookMs > limitMs) fail(`The reply came after ${tookMs} ms; at most ${limitMs} were allowed.`, tookMs, limitMs);
    return tookMs;
  }

  /**
   * Once the caller began to speak last, into a reply, that was silent no later than this.
   * @returns how long it took. @throws AssertionError
   */
  stoppedWithin(limitMs: number): number {
    const { startMs } = this.#said.last ?? fail("The caller has said nothing.");
    const reply = this.#heard.all.find((stretch) => stretch.startMs < startMs && stretch.endMs > startMs);
    if (reply === undefined) return fail("Nothing was heard when the caller began to speak.");
    const tookMs = reply.endMs - startMs;
    if (tookMs > limitMs)
      fail(`The reply stopped after ${tookMs} ms; at most ${limitMs} were allowed.`, tookMs, limitMs);
    return tookMs;
  }

  /** How much of the reply that was interrupted last was heard, in ms. @throws AssertionError where none was. */
  interruptedAt(): number {
    return this.#cuts.at(-1) ?? fail("No reply was interrupted.");
  }

  /** The assistant has said this, and was heard. @throws AssertionError */
  said(text: string | RegExp): void {
    this.#find("assistant", text);
  }

  /** The caller was understood to say this. @throws AssertionError */
  understood(text: string | RegExp): void {
    this.#find("user", text);
  }

  #find(role: TranscriptLine["role"], text: string | RegExp): void {
    const lines = this.transcript.filter((line) => line.role === role).map((line) => line.text);
    const matches = (line: string) => (typeof text === "string" ? line.includes(text) : text.test(line));
    if (!lines.some(matches)) fail(`The ${role} has not said ${String(text)}.`, lines, text);
  }

  async #sayFrame(samples: Int16Array, sampleRate: number): Promise<void> {
    if (isAudible(samples)) this.#said.add({ startMs: this.nowMs, endMs: this.nowMs + FRAME_MS });
    this.#session.transport.hear({ sampleRate, samples });
    if (this.#vad.settled !== undefined) {
      await this.pass(0);
      await this.#vad.settled();
    }
    await this.pass(FRAME_MS);
  }

  #onAudio(samples: Int16Array, record: boolean): void {
    const startMs = this.nowMs;
    if (record) this.#recording.add(startMs, samples);
    this.#replyHeardMs += FRAME_MS;
    if (isAudible(samples)) this.#heard.add({ startMs, endMs: startMs + FRAME_MS });
  }

  #onText(text: string): void {
    const message = readMessage(text);
    this.#keep(this.events, { atMs: this.nowMs, message });
    if (message.type === "turn") this.#onTurn(message.data.state);
    if (message.type === "transcript") {
      const { id, role, text: line } = message.data;
      this.#lines.set(id, { role, text: line });
      const [oldest] = this.#lines.keys();
      if (this.#lines.size > MAX_LINES && oldest !== undefined) this.#lines.delete(oldest);
    }
  }

  #keep<T>(list: T[], item: T): void {
    list.push(item);
    if (list.length > this.#maxKept) list.shift();
  }

  #onTurn(state: string): void {
    if (this.#turn === "bot_speaking" && state === "user_speaking") this.#keep(this.#cuts, this.#replyHeardMs);
    if (state === "thinking") this.#replyHeardMs = 0;
    this.#turn = state;
  }
}

/** Both dialects are JSON; what is neither is the handler's own text. */
function readMessage(text: string): CallEvent["message"] {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), ServerMessage), text);
  return parsed.success ? parsed.output : { type: "text", data: text };
}

function fail(message: string, actual?: unknown, expected?: unknown): never {
  throw new AssertionError({ message, actual, expected });
}
