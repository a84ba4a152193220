/** The handler most voice applications are: listens until the user pauses, then runs a function and speaks its reply. */
import type { TurnState } from "../../shared/channel.ts";
import type { InputValues } from "../../shared/inputs.ts";
import type { AudioFrame } from "../audio/frame.ts";
import { getEndOfTurnModel, getSileroModel } from "../speech/index.ts";
import { DEFAULT_END_OF_TURN, type EndOfTurnOptions } from "../turn/end-of-turn.ts";
import type { EndOfTurnModel } from "../turn/end-of-turn-model.ts";
import { ChunkJudge, type GridOptions } from "../turn/grid/chunk-judge.ts";
import { GridTurns } from "../turn/grid/grid-turns.ts";
import {
  type AlgoOptions,
  completeAlgoOptions,
  completeSileroOptions,
  type SileroVadOptions,
} from "../turn/grid/options.ts";
import type { PauseDetectionModel } from "../turn/grid/pause-detection-model.ts";
import type { PauseState } from "../turn/grid/pause-state.ts";
import { DEFAULT_SPEECH, type SpeechOptions } from "../turn/speech-detector.ts";
import { SpeechTurns } from "../turn/speech-turns.ts";
import type { TurnFinder, TurnHost } from "../turn/turn-finder.ts";
import type { TurnAction, TurnEvent, TurnPhase } from "../turn/turn-machine.ts";
import { type Emission, type PlayableFrame, readEmission, type SpokenFrame } from "./emission.ts";
import { History } from "./history.ts";
import { afterReady, Reply, type ReplyResult } from "./reply.ts";
import { StreamHandler, type StreamHandlerOptions } from "./stream-handler.ts";

/** As long as FastRTC waits for a value; it then asks again, and the call is frozen. */
const REPLY_TIMEOUT_MS = 60_000;

/** What a reply function is given. */
export interface Turn<Inputs extends InputValues = InputValues> {
  /** What the user said: Int16 mono at the handler's `inputSampleRate`. Empty after `triggerResponse` and at start-up. */
  readonly audio: AudioFrame;
  /** The conversation, for chat models; kept to what was heard. */
  readonly history: History;
  /** The declared inputs, as they were when the turn was over: `Turn<InputsOf<typeof declared>>` gives them their types. */
  readonly inputs: Inputs;
  /** Aborted when the user interrupts, or the session ends. Pass it on to whatever the reply waits for. */
  readonly signal: AbortSignal;
  /** Yours to keep things in for the caller, into its next call where this one ends at a time limit that rejoins the queue. */
  readonly state: Map<string, unknown>;
  /** The session: its id at the edge, the client's name for it, the stream. */
  readonly session: { readonly sid: string; readonly clientId: string; readonly stream: string };
}

export type ReplyFunction<Inputs extends InputValues = InputValues> = (turn: Turn<Inputs>) => ReplyResult;

export interface ReplyOnPauseOptions<Inputs extends InputValues = InputValues> extends StreamHandlerOptions {
  /** Runs once before the user has said anything: a greeting. */
  readonly startupFn?: ReplyFunction<Inputs>;
  /** Whether speech interrupts a reply. Default true. False: the user is not heard until the reply has been played. */
  readonly canInterrupt?: boolean;
  /** Longest the function may take from one value to the next; then the turn fails and the session listens on. Default 60,000. */
  readonly replyTimeoutMs?: number;
  /** When speech starts, counts and ends. */
  readonly speech?: Partial<SpeechOptions>;
  /**
   * What ends a turn: silence alone, or in a pause also Smart Turn (`"model"`), or a model of your own, asked whether the speaker
   * is done. Default `"silence"`.
   */
  readonly endOfTurn?: "silence" | "model" | EndOfTurnModel;
  /** How much silence its verdicts stand for. */
  readonly endOfTurnOptions?: Partial<EndOfTurnOptions>;
  /**
   * Finds turns as FastRTC does, in chunks of 0.6 s, with its options: same decisions, later than by default. So does each of
   * the next two. Default: turns are found as speech comes.
   */
  readonly algoOptions?: Partial<AlgoOptions>;
  /** What counts as speech in a chunk. */
  readonly modelOptions?: Partial<SileroVadOptions>;
  /** Measures the speech in a chunk. Default: Silero 4, FastRTC's. */
  readonly model?: PauseDetectionModel;
}

export class ReplyOnPause<Inputs extends InputValues = InputValues> extends StreamHandler {
  readonly #fn: ReplyFunction<Inputs>;
  readonly #options: ReplyOnPauseOptions<Inputs>;
  readonly #speech: SpeechOptions;
  readonly #endOfTurn: TurnHost["endOfTurn"];
  /** Where turns are found on FastRTC's grid. */
  readonly #grid: GridOptions | undefined;
  /** On the grid, from the start of the session on. */
  #judge: ChunkJudge | undefined;
  /** From the start of the session on. */
  #turns: TurnFinder | undefined;
  #phase: TurnPhase = "listening";
  #reply: Reply | undefined;
  #replyWaiter: ((reply: Reply | undefined) => void) | undefined;
  #history: History | undefined;
  /** Position of the history before the current reply, and the audio it answers: for a user who only went on. */
  #question: { readonly mark: number; readonly audio: AudioFrame } | undefined;
  #unanswered: AudioFrame | undefined;

  constructor(fn: ReplyFunction<Inputs>, options: ReplyOnPauseOptions<Inputs> = {}) {
    super(options);
    this.#fn = fn;
    this.#options = options;
    this.#speech = { ...DEFAULT_SPEECH, ...options.speech };
    if (new.target !== ReplyOnPause) needOwnCopy(new.target.name, this.copy !== ReplyOnPause.prototype.copy);
    const overrides = this.determinePause !== ReplyOnPause.prototype.determinePause;
    this.#grid = gridOptions(options, overrides);
    this.#endOfTurn = endOfTurn(options);
  }

  override copy(): ReplyOnPause<Inputs> {
    return new ReplyOnPause(this.#fn, this.#options);
  }

  override startUp(): void {
    this.#history = new History((line) => this.context.extend({ type: "transcript", data: line }));
    const host = this.#turnHost();
    if (this.#grid !== undefined) this.#judge = new ChunkJudge({ ...this.#grid, ...host });
    this.#turns = this.openTurns(host, this.#judge);
    this.context.extend({ type: "turn", data: { state: "listening" } });
    const { startupFn } = this.#options;
    if (startupFn !== undefined) {
      this.#apply({ type: "reply_requested" }, startupFn);
    }
  }

  override shutdown(): void {
    this.#turns?.close();
    this.#reply?.abort();
    this.#replyWaiter?.(undefined);
  }

  override receive(frame: AudioFrame): void | Promise<void> {
    if (this.#options.canInterrupt === false && this.#phase !== "listening" && this.#phase !== "user_speaking") return;
    return this.#turns?.push(frame);
  }

  override async emit(): Promise<Emission> {
    const reply = this.#reply ?? (await this.#nextReply());
    if (reply === undefined) return undefined;
    let emission: Emission;
    try {
      const step = await reply.next();
      if (step.done) {
        this.#finish(reply);
        return undefined;
      }
      emission = step.value;
      // Garbage costs this turn, and is named; it must not reach the player.
      readEmission(emission);
    } catch (error) {
      this.#fail(reply, error);
      return undefined;
    }
    if (reply !== this.#reply) return undefined;
    return this.#heard(emission);
  }

  override playbackEnded(): void {
    this.#apply({ type: "playback_ended", userSpeaking: this.#userSpeaking });
  }

  /** Answers now, with what was said so far, which may be nothing: push-to-talk, typed text. */
  override triggerResponse(): void {
    this.#turns?.restart();
    this.#apply({ type: "reply_requested" });
  }

  /**
   * Begins to look for turns, in the way that the options ask for.
   * @param judge of chunks, where turns are to be found on FastRTC's grid.
   */
  protected openTurns(host: TurnHost, judge: ChunkJudge | undefined): TurnFinder {
    if (judge === undefined) return new SpeechTurns(host);
    return new GridTurns({ ...host, determinePause: this.determinePause.bind(this) });
  }

  #turnHost(): TurnHost {
    const { context, inputSampleRate: sampleRate } = this;
    return {
      speech: this.#speech,
      endOfTurn: this.#endOfTurn,
      sampleRate,
      openVad: (onProbability) => context.openVad(onProbability),
      clock: context.clock,
      onEvent: (event) => this.#apply(event),
      onError: (error) => this.#report(error, "finding turns failed; the session goes on"),
    };
  }

  /**
   * On FastRTC's grid: called with each frame, whether the user has paused. To be overridden; a subclass that does is on the grid.
   * @param audio what is in the state's buffer: Int16 mono, good until this settles.
   * @param state to be changed: `startTalking()`, `keep(audio)` what belongs to the turn, `clearBuffer()` once it is judged.
   */
  determinePause(audio: Int16Array, sampleRate: number, state: PauseState): boolean | Promise<boolean> {
    return this.#judge?.determinePause(audio, sampleRate, state) ?? false;
  }

  /** Says what went wrong in the log and to the client. */
  #report(error: unknown, what: string): void {
    const text = error instanceof Error ? error.message : String(error);
    this.context.logError(error, what);
    this.context.send({ type: "error", message: text, data: text });
  }

  get #userSpeaking(): boolean {
    return this.#turns?.speaking ?? false;
  }

  #nextReply(): Promise<Reply | undefined> {
    return new Promise((resolve) => {
      this.#replyWaiter = resolve;
    });
  }

  #apply(event: TurnEvent, fn = this.#fn): void {
    const turns = this.#turns;
    if (turns === undefined) return;
    const before = this.#phase;
    const { phase, actions } = turns.next(before, event);
    this.#phase = phase;
    // What came for the reply that is cut off says nothing about the next turn. Who asks for a reply has just sent some.
    if (event.type !== "reply_requested" && actions.some(isAbort)) this.context.clearInputs();
    for (const action of actions) this.#perform(action, turns, fn, event);
    if (phase === "listening" && before !== phase) this.#history?.endAnswer();
    if (shown(phase) !== shown(before)) this.context.extend({ type: "turn", data: { state: shown(phase) } });
    // A held reply goes on: what comes next is a new beginning, and holds it again.
    if (event.type === "speech_lapsed" && isHeld(before)) turns.restart();
  }

  #perform(action: TurnAction, turns: TurnFinder, fn: ReplyFunction<Inputs>, event: TurnEvent): void {
    switch (action) {
      case "announce_talking":
        turns.begin();
        if (turns.announcesTalking) this.context.send({ type: "log", data: "started_talking" });
        break;
      case "pause_output":
        this.context.holdOutput();
        break;
      case "resume_output":
        this.context.resumeOutput();
        break;
      case "discard_speech":
        turns.discard();
        break;
      case "abort_reply":
        this.#abort();
        break;
      case "abort_and_merge":
        this.#abort();
        if (this.#question !== undefined) {
          this.#history?.rollBack(this.#question.mark);
          this.#unanswered = this.#question.audio;
        }
        break;
      case "begin_reply":
        this.#begin(fn, turns.take(event.type === "speech_ended"));
        break;
    }
  }

  #begin(fn: ReplyFunction<Inputs>, said: AudioFrame): void {
    const history = this.#history;
    if (history === undefined) return;
    const audio = this.#unanswered === undefined ? said : join(this.#unanswered, said);
    this.#unanswered = undefined;
    this.#question = { mark: history.mark(), audio };
    const { sid, clientId, stream } = this.context;
    const start = (signal: AbortSignal, inputs: InputValues): ReplyResult =>
      // The session has checked them against the stream's declaration, which `Inputs` is the type of.
      fn({
        audio,
        history,
        signal,
        inputs: inputs as Inputs,
        state: this.context.state,
        session: { sid, clientId, stream },
      });
    const limit = { clock: this.context.clock, timeoutMs: this.#options.replyTimeoutMs ?? REPLY_TIMEOUT_MS };
    const reply = new Reply((signal) => {
      if (!this.context.declaresInputs) return start(signal, this.context.inputs);
      return afterReady(this.context.requestInputs({ signal }), (inputs) => start(signal, inputs));
    }, limit);
    this.#reply = reply;
    if (fn === this.#fn) this.context.send({ type: "log", data: "pause_detected" });
    this.#replyWaiter?.(reply);
    this.#replyWaiter = undefined;
  }

  #abort(): void {
    this.#reply?.abort();
    this.#reply = undefined;
    // First, for the history to learn what was heard.
    this.context.clearQueue();
    this.#history?.endAnswer();
  }

  /** Notes that the reply's audio begins, and ties the text of spoken frames to the moment they leave. */
  #heard(emission: Emission): Emission {
    const { audio, outputs, close } = readEmission(emission);
    if (audio === undefined) return emission;
    if (this.#phase === "thinking") {
      this.context.send({ type: "log", data: "response_starting" });
      this.#apply({ type: "reply_audio", userSpeaking: this.#userSpeaking });
    }
    if (!isSpoken(audio)) return emission;
    const history = this.#history;
    const playable: PlayableFrame = {
      ...audio,
      onStart: () => history?.assistant(audio.text),
      onCut: (heard) => history?.cutAnswer(audio.text, heard),
    };
    const extra = outputs ?? close;
    return extra === undefined ? playable : [playable, extra];
  }

  #finish(reply: Reply): void {
    if (reply !== this.#reply) return;
    this.#reply = undefined;
    this.context.clearInputs();
    // A reply without audio says so too, so that a client that waits for one stops waiting.
    if (this.#phase === "thinking") this.context.send({ type: "log", data: "response_starting" });
    this.#apply({ type: "reply_finished", playing: this.context.playing(), userSpeaking: this.#userSpeaking });
  }

  #fail(reply: Reply, error: unknown): void {
    if (reply !== this.#reply) return;
    this.#report(error, "the reply function failed; the session goes on");
    // One that hangs or yields garbage still runs: it must hear that nobody waits for it any more.
    reply.abort();
    this.#reply = undefined;
    this.context.clearInputs();
    this.#apply({ type: "reply_finished", playing: this.context.playing(), userSpeaking: this.#userSpeaking });
  }
}

/** @throws TypeError for a subclass whose sessions would get handlers of its base class. */
export function needOwnCopy(name: string, hasOwn: boolean): void {
  if (!hasOwn) throw new TypeError(`${name} needs a copy() of its own: each session gets what that returns.`);
}

/** @throws TypeError, RangeError for options that make no sense. */
function gridOptions(options: ReplyOnPauseOptions<never>, overrides: boolean): GridOptions | undefined {
  const { algoOptions, modelOptions, model, speech, endOfTurn } = options;
  if (!overrides && algoOptions === undefined && modelOptions === undefined && model === undefined) return undefined;
  if (speech !== undefined) {
    throw new TypeError("speech has no meaning beside algoOptions, modelOptions, model or an own determinePause.");
  }
  if (endOfTurn !== undefined && endOfTurn !== "silence") {
    throw new TypeError("endOfTurn has no meaning beside algoOptions, modelOptions, model or an own determinePause.");
  }
  const complete = { algo: completeAlgoOptions(algoOptions), vad: completeSileroOptions(modelOptions) };
  return { ...complete, model: model ?? getSileroModel() };
}

/** @throws TypeError for an option that makes no sense. */
function endOfTurn({
  endOfTurn: chosen = "silence",
  endOfTurnOptions,
}: ReplyOnPauseOptions<never>): TurnHost["endOfTurn"] {
  if (chosen === "silence") return undefined;
  const model = chosen === "model" ? getEndOfTurnModel() : chosen;
  if (typeof model.judge !== "function")
    throw new TypeError('endOfTurn must be "silence", "model" or an object with judge().');
  return { model, options: { ...DEFAULT_END_OF_TURN, ...endOfTurnOptions } };
}

/** What a client is told: for it a reply that is being played to its end, or held for a moment, is still being spoken. */
function shown(phase: TurnPhase): TurnState {
  return phase === "bot_finishing" || isHeld(phase) ? "bot_speaking" : phase;
}

function isHeld(phase: TurnPhase): phase is "paused" | "paused_finishing" {
  return phase === "paused" || phase === "paused_finishing";
}

function isAbort(action: TurnAction): boolean {
  return action === "abort_reply" || action === "abort_and_merge";
}

function isSpoken(frame: AudioFrame): frame is SpokenFrame {
  return "text" in frame && typeof frame.text === "string";
}

function join(first: AudioFrame, second: AudioFrame): AudioFrame {
  const samples = new Int16Array(first.samples.length + second.samples.length);
  samples.set(first.samples);
  samples.set(second.samples, first.samples.length);
  return { sampleRate: second.sampleRate, samples };
}
