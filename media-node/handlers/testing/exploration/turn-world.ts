/** A session in virtual time in which anything can happen next: the caller, the handler, the models and time itself. */
import { Session } from "../../../session/session.ts";
import { number } from "../../../stream/inputs.ts";
import { Stream } from "../../../stream/stream.ts";
import { VirtualTransport } from "../../../testing/virtual-transport.ts";
import { scriptedVad } from "../../../testing/voice-activity.ts";
import { VirtualClock } from "../../../time/virtual-clock.ts";
import type { TurnPhase } from "../../../turn/turn-machine.ts";
import type { ReplyFunction } from "../../reply-function.ts";
import type { ReplyOnPauseOptions } from "../../reply-on-pause-options.ts";
import { ScriptedModels } from "./scripted-questions.ts";
import { type Command, type Run, scriptedReply } from "./scripted-run.ts";
import type { World } from "./search.ts";
import { newSight, type Sight, WatchedReply } from "./watched-reply.ts";

const WINDOW_MS = 32;
const SAMPLE_RATE = 16_000;
const REPLY_TIMEOUT_MS = 5_000;
/** Short ones, so that a path has room for more than speech. */
const SPEECH = { startMs: 32, minSpeechMs: 64, interruptMs: 96, lapseMs: 64, silenceMs: 224 } as const;
const QUESTION_WINDOWS = 8;
/** What a question has before and after its speech: 320 ms and 160 ms, in whole windows. */
const AROUND_MS = 544;
/** Windows: whatever pauses and verdicts there are, then the turn is over. */
const ENDING_WINDOWS = 16;
/** More audio than this of a reply is one that the player holds back. */
const MUCH_MS = 1_000;
/** Queued audio up to each of these counts as the same. */
const QUEUED_MS = [19, 59, MUCH_MS, Number.POSITIVE_INFINITY] as const;
/** What the scripts do on purpose. */
const EXPECTED_ERRORS = /scripted|took too long|a handler yielded/i;
/** The longest that anything is waited for: the player is played out, the session closes. */
const PATIENCE_MS = 45_000;

const SPEAKER_EVENTS = ["speech starts", "speech goes on", "pause", "silence"] as const;
const MODEL_EVENTS = ["model: done", "model: not done", "model fails"] as const;
const RUN_EVENTS: readonly Command[] = [
  "yields",
  "yields much",
  "yields outputs",
  "yields garbage",
  "throws",
  "finishes",
  "hangs up",
];
const STALE_EVENTS = ["stale: yields", "stale: throws", "stale: finishes"] as const;
const CLIENT_EVENTS = ["client clears", "client asks", "client sends inputs", "client leaves"] as const;
const TIME_EVENTS = ["a moment", "played", "timeout"] as const;

export type TurnWorldEvent =
  | Command
  | (typeof SPEAKER_EVENTS)[number]
  | (typeof MODEL_EVENTS)[number]
  | (typeof STALE_EVENTS)[number]
  | (typeof CLIENT_EVENTS)[number]
  | (typeof TIME_EVENTS)[number];

export interface TurnWorldOptions {
  readonly reply?: ReplyOnPauseOptions;
  /**
   * What helps to tell turns: a model asked if the speaker is done, or if they only listen, or FastRTC's grid; or what writes down
   * words as they are said. Default none.
   */
  readonly model?: "end of turn" | "backchannels" | "grid" | "live transcript";
  readonly declaresInputs?: boolean;
  /** Whether the handler speaks first. */
  readonly greets?: boolean;
  /** Takes every phase that is reached. */
  readonly reached?: Set<TurnPhase>;
  /** Default: the real one, watched. For tests of the search: one with a bug in it. */
  readonly handler?: (sight: Sight, fn: ReplyFunction, options: ReplyOnPauseOptions) => WatchedReply;
}

export class TurnWorld implements World<TurnWorldEvent> {
  readonly sight: Sight;
  readonly #options: TurnWorldOptions;
  readonly #clock = new VirtualClock();
  readonly #models = new ScriptedModels();
  readonly #runs: Run[];
  readonly #session: Session<VirtualTransport>;
  readonly #unexpected: unknown[] = [];
  #openVads = 0;
  #sentMs = 0;
  #ended = 0;
  /** Speech and silence of the utterance that is going on. */
  #loudMs = 0;
  #silentMs = 0;

  static async start(options: TurnWorldOptions = {}): Promise<TurnWorld> {
    const world = new TurnWorld(options);
    await world.#connect();
    return world;
  }

  private constructor(options: TurnWorldOptions) {
    this.#options = options;
    this.sight = newSight(options.reached ?? new Set());
    const { fn, runs } = scriptedReply();
    this.#runs = runs;
    const { handler = (sight, reply, given) => new WatchedReply(sight, reply, given), model, declaresInputs } = options;
    const prototype = handler(this.sight, fn, {
      inputSampleRate: SAMPLE_RATE,
      replyTimeoutMs: REPLY_TIMEOUT_MS,
      ...this.#turnTaking(model),
      ...(options.greets === true ? { startupFn: fn } : {}),
      ...options.reply,
    });
    const stream = new Stream(prototype, {
      modality: "audio",
      ...(declaresInputs === true ? { inputs: { volume: number({ value: 1 }) } } : {}),
    });
    const vad = scriptedVad();
    this.#session = new Session({
      sid: "explored",
      clientId: "explored",
      stream: { stream, descriptor: stream.describe("explored", 0) },
      connect: (events) =>
        new VirtualTransport(
          {
            onAudio: () => {
              this.#sentMs += 20;
              this.sight.queuedMs -= 20;
            },
            onText: () => undefined,
          },
          events,
        ),
      clock: this.#clock,
      openVad: (onProbability) => {
        this.#openVads += 1;
        const opened = vad.open(onProbability);
        return {
          ...opened,
          close: () => {
            this.#openVads -= 1;
            opened.close();
          },
        };
      },
      log: { info: () => undefined, error: ({ err }: { err?: unknown }) => this.#onError(err) },
      onConnected: () => undefined,
      onOutput: () => undefined,
      onEnded: () => {
        this.#ended += 1;
      },
    });
  }

  #turnTaking(model: TurnWorldOptions["model"]): ReplyOnPauseOptions {
    switch (model) {
      case "end of turn":
        return {
          speech: SPEECH,
          endOfTurn: this.#models.endOfTurn,
          endOfTurnOptions: { askMs: 64, completeMs: 96, incompleteMs: 320 },
        };
      case "backchannels":
        return { speech: { ...SPEECH, silenceMs: 320 }, backchannels: { stt: this.#models.stt } };
      case "live transcript":
        return { speech: SPEECH, liveTranscript: this.#models.live };
      case "grid":
        return {
          algoOptions: { audioChunkDuration: 0.032, startedTalkingThreshold: 0.02, speechThreshold: 0.01 },
          model: { vad: ({ samples }) => [samples.some((sample) => sample > 0) ? 0.032 : 0, []] },
        };
      case undefined:
        return { speech: SPEECH };
    }
  }

  async #connect(): Promise<void> {
    const { events } = this.#session.transport;
    await this.#session.begin(() => Promise.resolve());
    events.connected();
    events.channelOpen();
    await this.#pass(0);
  }

  enabled(): readonly TurnWorldEvent[] {
    if (this.#ended > 0) return [];
    const speaking = this.sight.speaking();
    const current = this.#current;
    const asks = this.#models.asking;
    return [
      "speech starts",
      ...(speaking ? (["speech goes on", "pause", "silence"] as const) : []),
      ...(asks ? MODEL_EVENTS : []),
      ...(current === undefined ? [] : RUN_EVENTS),
      ...(this.#stale === undefined ? [] : STALE_EVENTS),
      "client clears",
      ...(this.sight.closing ? [] : (["client asks"] as const)),
      ...(this.#options.declaresInputs === true ? (["client sends inputs"] as const) : []),
      "client leaves",
      "a moment",
      ...(this.sight.playing() ? (["played"] as const) : []),
      ...(current === undefined ? [] : (["timeout"] as const)),
    ];
  }

  async happen(event: TurnWorldEvent): Promise<void> {
    switch (event) {
      case "speech starts":
        return await this.#windows(1, "speech");
      case "speech goes on":
        return await this.#windows(3, "speech");
      case "pause":
        return await this.#windows(3, "silence");
      case "silence":
        return await this.#endTurn();
      case "model: done":
      case "model: not done":
      case "model fails":
        this.#models.answer(event);
        return await this.#pass(0);
      case "stale: yields":
        return await this.#tell(this.#stale, "yields");
      case "stale: throws":
        return await this.#tell(this.#stale, "throws");
      case "stale: finishes":
        return await this.#tell(this.#stale, "finishes");
      case "client clears":
        // As a handler does on a client's behalf.
        this.sight.clear();
        return await this.#pass(0);
      case "client asks":
        this.#session.triggerResponse();
        return await this.#pass(0);
      case "client sends inputs":
        this.#session.setInputs({ volume: 2 });
        return await this.#pass(0);
      case "client leaves":
        this.#session.end("client_closed");
        return await this.#pass(0);
      case "a moment":
        return await this.#pass(100);
      case "played":
        return await this.#playOut();
      case "timeout":
        return await this.#pass(REPLY_TIMEOUT_MS);
      default:
        return await this.#tell(this.#current, event);
    }
  }

  fingerprint(): string {
    const { phase, output, merging, replied } = this.sight;
    const current = this.#current;
    return JSON.stringify([
      this.#ended > 0 ? "ended" : this.sight.closing ? "closing" : phase,
      output,
      merging,
      replied && this.#options.reply?.muteUser === "first_reply",
      Math.min(this.#runs.length, 2),
      [this.sight.speaking(), Math.min(this.#loudMs, SPEECH.interruptMs), this.#silentMs],
      // What is left of a packet is a state of its own.
      this.sight.playing() ? QUEUED_MS.findIndex((limitMs) => this.sight.queuedMs <= limitMs) : "silent",
      current === undefined ? this.#heldBack : [current.givenMs > 0, current.givenMs > MUCH_MS],
      this.#stale !== undefined,
      this.#models.asking,
      this.#timers,
    ]);
  }

  check(): void {
    const { phase, output, shutdowns } = this.sight;
    const live = this.#runs.filter(({ signal, state }) => !signal.aborted && state !== "over");
    const over = this.#ended > 0;
    must(live.length <= 1, `${live.length} replies run at once`);
    must(
      output === "open" || over || this.sight.closing || phase === "paused" || phase === "paused_finishing",
      `held in ${phase}`,
    );
    must(this.#unexpected.length === 0, `unexpected: ${String(this.#unexpected[0])}`);
    must(shutdowns === (over ? 1 : 0), `shut down ${shutdowns} times`);
    must(this.#ended <= 1, `ended ${this.#ended} times`);
  }

  /** Whatever has happened: if nothing else does, the session listens again, answers the next question, and ends cleanly. */
  async finish(): Promise<void> {
    if (this.sight.closing) await this.#pass(PATIENCE_MS);
    else if (this.#ended === 0) {
      await this.#calmDown();
      await this.#converse();
      this.#session.end("client_closed");
    }
    await this.#pass(0);
    must(this.#ended === 1, "the session does not end");
    this.check();
    must(this.#openVads === 0, `${this.#openVads} voice activity detectors are left`);
    must(this.#session.transport.openEncoders === 0, `${this.#session.transport.openEncoders} encoders are left`);
    must(this.#clock.pending === 0, `${this.#clock.pending} timers are left`);
    for (const run of this.#runs) must(run.signal.aborted || run.state === "over", "a reply runs on after the end");
  }

  async #calmDown(): Promise<void> {
    await this.#endTurn();
    // A reply that hangs is given up, and what it gave is played out.
    await this.#pass(REPLY_TIMEOUT_MS);
    await this.#playOut();
    await this.#endTurn();
    await this.#windows(ENDING_WINDOWS, "silence");
    await this.#pass(REPLY_TIMEOUT_MS);
    await this.#playOut();
    const { phase } = this.sight;
    must(phase === "listening", `in silence it stays ${phase}`);
    must(!this.sight.playing(), "something is played that never ends");
  }

  async #converse(): Promise<void> {
    const before = this.#runs.length;
    await this.#windows(QUESTION_WINDOWS, "speech");
    must(this.sight.phase === "user_speaking", `speech leaves it ${this.sight.phase}`);
    await this.#endTurn();
    // Inputs that are asked for and do not come are waited for.
    await this.#pass(2_000);
    const run = this.#current;
    must(run !== undefined && this.#runs.length > before, "a question gets no reply");
    const askedMs = ((run?.asked ?? 0) / SAMPLE_RATE) * 1_000;
    must(askedMs >= QUESTION_WINDOWS * WINDOW_MS, `of the question ${askedMs} ms are left`);
    must(askedMs <= QUESTION_WINDOWS * WINDOW_MS + AROUND_MS, `the question is ${askedMs} ms long`);
    const sentMs = this.#sentMs;
    await this.#tell(run, "yields");
    await this.#pass(300);
    must(this.#sentMs > sentMs, "the reply is not heard");
    await this.#tell(run, "finishes");
    await this.#pass(300);
    must(this.sight.phase === "listening", `after the reply it stays ${this.sight.phase}`);
  }

  /** What waits for a command on somebody's behalf. */
  get #current(): Run | undefined {
    if (this.sight.closing || this.#ended > 0) return undefined;
    return this.#runs.findLast(({ signal, state }) => !signal.aborted && state === "waiting");
  }

  /** A value of the reply waits to be taken. */
  get #heldBack(): boolean {
    return this.#runs.some(({ signal, state }) => !signal.aborted && state === "held");
  }

  /** A run that nobody waits for any more, and that does not know. */
  get #stale(): Run | undefined {
    return this.#runs.find(({ signal, state }) => signal.aborted && state === "waiting");
  }

  /** By how long they have to go, roughly. */
  get #timers(): readonly number[] {
    const delays = this.#clock.delaysMs;
    return [100, 200, 3_000, Number.POSITIVE_INFINITY].map((limitMs, i, limits) => {
      const fromMs = limits[i - 1] ?? 0;
      return delays.filter((delayMs) => delayMs > fromMs && delayMs <= limitMs).length;
    });
  }

  async #tell(run: Run | undefined, command: Command): Promise<void> {
    run?.tell(command);
    await this.#pass(0);
  }

  async #windows(count: number, kind: "speech" | "silence"): Promise<void> {
    const samples = new Int16Array((WINDOW_MS * SAMPLE_RATE) / 1_000).fill(kind === "speech" ? 8_000 : 0);
    for (let i = 0; i < count; i++) {
      this.#session.transport.hear({ sampleRate: SAMPLE_RATE, samples });
      await this.#pass(WINDOW_MS);
      if (!this.sight.speaking()) this.#loudMs = this.#silentMs = 0;
      else if (kind === "silence") this.#silentMs += WINDOW_MS;
      else {
        this.#loudMs += WINDOW_MS;
        this.#silentMs = 0;
      }
    }
  }

  /** Silence, until whatever was being said is over. */
  async #endTurn(): Promise<void> {
    for (let i = 0; i < ENDING_WINDOWS && this.sight.speaking(); i++) await this.#windows(1, "silence");
    // Who has hung up does not listen.
    must(this.sight.closing || !this.sight.speaking(), "silence does not end what was said");
  }

  async #playOut(): Promise<void> {
    for (let ms = 0; ms < PATIENCE_MS && this.sight.playing(); ms += 100) await this.#pass(100);
  }

  async #pass(durationMs: number): Promise<void> {
    await this.#clock.advanceAsync(durationMs);
  }

  #onError(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    if (!EXPECTED_ERRORS.test(message)) this.#unexpected.push(error);
  }
}

function must(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}
