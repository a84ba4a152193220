/** The handler most voice applications are: listens until the user pauses, then runs a function and speaks its reply. */
import type { ClientMessage, TurnState } from "../../shared/channel.ts";
import type { InputValues } from "../../shared/inputs.ts";
import { type AudioFrame, toHeardFrame } from "../audio/frame.ts";
import type { StreamingSTTModel } from "../speech/index.ts";
import { ChunkJudge } from "../turn/grid/chunk-judge.ts";
import { GridTurns } from "../turn/grid/grid-turns.ts";
import type { PauseState } from "../turn/grid/pause-state.ts";
import { isMuted } from "../turn/muting.ts";
import { SpeechTurns } from "../turn/speech-turns.ts";
import type { TurnFinder, TurnHost } from "../turn/turn-finder.ts";
import type { TurnAction, TurnEvent, TurnPhase } from "../turn/turn-machine.ts";
import { type Emission, type PlayableFrame, readEmission, type SpokenFrame } from "./emission.ts";
import { History } from "./history.ts";
import { LiveTranscript } from "./live-transcript.ts";
import { afterReady, Reply, type ReplyResult } from "./reply.ts";
import type { ReplyFunction } from "./reply-function.ts";
import { type ReplyOnPauseOptions, readOptions, type TurnTaking } from "./reply-on-pause-options.ts";
import { reportFailure, sessionFacts } from "./run.ts";
import { needOwnCopy, StreamHandler } from "./stream-handler.ts";
import { TentativeState } from "./tentative-state.ts";

/**
 * Of what somebody has said who goes on before the answer, again and again. Past it the oldest is forgotten: with one more turn it is within
 * what speech models take.
 */
const MAX_UNANSWERED_MS = 180_000;

export class ReplyOnPause<Inputs extends InputValues = InputValues> extends StreamHandler {
  readonly #fn: ReplyFunction<Inputs>;
  readonly #options: ReplyOnPauseOptions<Inputs>;
  readonly #turnTaking: TurnTaking;
  /** On the grid, from the start of the session on. */
  #judge: ChunkJudge | undefined;
  /** From the start of the session on. */
  #turns: TurnFinder | undefined;
  #phase: TurnPhase = "listening";
  #repliesPlayed = 0;
  #reply: Reply | undefined;
  #replyWaiter: ((reply: Reply | undefined) => void) | undefined;
  #history: History | undefined;
  /** Where what is being said is to be shown, from the start of the session on. */
  #live: LiveTranscript | undefined;
  /** What there was before the current reply, and the audio it answers: for a user who only went on. */
  #question: { readonly mark: number; readonly audio: AudioFrame; readonly state: TentativeState } | undefined;
  #unanswered: AudioFrame | undefined;

  constructor(fn: ReplyFunction<Inputs>, options: ReplyOnPauseOptions<Inputs> = {}) {
    super(options);
    this.#fn = fn;
    this.#options = options;
    if (new.target !== ReplyOnPause) needOwnCopy(new.target.name, this.copy !== ReplyOnPause.prototype.copy);
    const overrides = this.determinePause !== ReplyOnPause.prototype.determinePause;
    this.#turnTaking = readOptions(options, overrides);
  }

  override copy(): ReplyOnPause<Inputs> {
    return new ReplyOnPause(this.#fn, this.#options);
  }

  override startUp(): void {
    this.#history = new History((line) => this.context.extend({ type: "transcript", data: line }));
    const host = this.#turnHost();
    const { grid, live } = this.#turnTaking;
    if (live !== undefined) this.#live = this.#openLive(live);
    if (grid !== undefined) this.#judge = new ChunkJudge({ ...grid, ...host });
    this.#turns = this.openTurns(host, this.#judge);
    this.context.extend({ type: "turn", data: { state: "listening" } });
    const { startupFn } = this.#options;
    if (startupFn !== undefined) {
      this.#apply({ type: "reply_requested" }, startupFn);
    }
  }

  override shutdown(): void {
    this.#turns?.close();
    this.#live?.close();
    this.#reply?.abort();
    this.#replyWaiter?.(undefined);
  }

  override receive(frame: AudioFrame): void | Promise<void> {
    if (this.#muted) return;
    this.#live?.hear(frame);
    return this.#turns?.push(frame);
  }

  override async emit(): Promise<Emission> {
    const reply = this.#reply ?? (await this.#nextReply());
    if (reply === undefined) return undefined;
    let emission: Emission;
    try {
      // What was made ahead is nobody's before the turn is over: neither its values nor that it failed.
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

  /** Forgets the turn that goes on, whoever's it is: a reply is aborted and what was said is dropped. The history stays. */
  override reset(): void {
    super.reset();
    const turns = this.#turns;
    if (turns === undefined) return;
    this.#unanswered = undefined;
    turns.restart();
    turns.discard();
    if (!isReply(this.#phase)) {
      this.#apply({ type: "speech_dismissed" });
      return;
    }
    this.#abort();
    this.#apply({ type: "reply_finished", playing: false, userSpeaking: false });
  }

  override onMessage(message: ClientMessage): void | Promise<void> {
    return this.#options.onMessage?.(message, this);
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
    const { speech, telephoneSpeech, endOfTurn, thinkAheadMs, backchannels } = this.#turnTaking;
    return {
      speech: context.phoneMode ? telephoneSpeech : speech,
      endOfTurn,
      thinkAheadMs,
      backchannels,
      holdsReply: () => isHeld(this.#phase),
      awaitsReply: () => this.#phase === "maybe_ended" && this.#reply?.ready === false,
      sampleRate,
      openVad: (onProbability) => context.openVad(onProbability),
      clock: context.clock,
      // The detector is some windows behind: what it heard before the user was muted comes after.
      onEvent: (event) => {
        if (!this.#muted) this.#apply(event);
      },
      onError: (error) => reportFailure(context, error, "finding turns failed; the session goes on"),
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

  get #muted(): boolean {
    return isMuted(this.#turnTaking.muteUser, this.#phase, this.#repliesPlayed);
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
    const wasMuted = this.#muted;
    const { phase, actions } = turns.next(before, event);
    this.#phase = phase;
    // What came for the reply that is cut off says nothing about the next turn. Who asks for a reply has just sent some.
    if (event.type !== "reply_requested" && actions.some(isAbort)) this.context.clearInputs();
    // A held reply goes on: what comes next is a new beginning, and holds it again. First, since what was held may be over with that.
    if (event.type === "speech_lapsed" && isHeld(before)) turns.restart();
    for (const action of actions) this.#perform(action, turns, fn, event);
    this.#live?.speaking(isUsers(phase), actions.includes("abort_and_merge"));
    // It was none of theirs after all: the line goes.
    if (this.#live !== undefined && isUsers(before) && phase === "listening") this.#history?.saying("");
    if (isReply(before) && !isReply(phase)) this.#repliesPlayed += 1;
    if (phase === "listening" && before !== phase) this.#history?.endAnswer();
    if (shown(phase) !== shown(before)) this.context.extend({ type: "turn", data: { state: shown(phase) } });
    // Whatever was being said is not heard out.
    if (this.#muted && !wasMuted) turns.restart();
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
          this.#unanswered = newest(this.#question.audio, MAX_UNANSWERED_MS);
        }
        turns.wentOn();
        break;
      case "begin_reply":
        this.#begin(fn, turns.take(event.type === "speech_ended"));
        this.#unanswered = undefined;
        if (fn === this.#fn) this.context.send({ type: "log", data: "pause_detected" });
        break;
      case "begin_ahead":
        this.#begin(fn, turns.peek(), true);
        break;
      case "confirm_reply":
        // It has been given all but the silence at the end.
        turns.take(true);
        this.#unanswered = undefined;
        this.context.send({ type: "log", data: "pause_detected" });
        this.#reply?.confirm();
        break;
      case "withdraw_ahead":
        this.#reply?.abort();
        this.#reply = undefined;
        if (this.#question !== undefined) this.#history?.rollBack(this.#question.mark);
        break;
    }
  }

  #openLive(stt: StreamingSTTModel): LiveTranscript {
    return new LiveTranscript({
      stt,
      // A reply that is being prepared ahead has its own line of what was said.
      onText: (text) => this.#phase === "user_speaking" && this.#history?.saying(text),
      onError: (error) => this.context.logError(error, "the live transcript failed; the turn goes on"),
    });
  }

  #begin(fn: ReplyFunction<Inputs>, said: AudioFrame, ahead = false): void {
    const history = this.#history;
    if (history === undefined) return;
    const audio = toHeardFrame(this.#unanswered === undefined ? said : join(this.#unanswered, said));
    const state = new TentativeState(this.context.state);
    this.#question = { mark: history.mark(), audio, state };
    const start = (inputs: InputValues): ReplyResult =>
      // The session has checked them against the stream's declaration, which `Inputs` is the type of.
      fn({
        audio,
        history,
        signal: reply.signal,
        confirmed: reply.confirmed,
        inputs: inputs as Inputs,
        state,
        session: sessionFacts(this.context),
      });
    const limit = { clock: this.context.clock, timeoutMs: this.#turnTaking.replyTimeoutMs, ahead };
    const reply: Reply = new Reply((signal) => {
      if (!this.context.declaresInputs) return start(this.context.inputs);
      return afterReady(this.context.requestInputs({ signal }), start);
    }, limit);
    this.#reply = reply;
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
      this.#question?.state.keep();
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
    this.#question?.state.keep();
    this.context.clearInputs();
    // A reply without audio says so too, so that a client that waits for one stops waiting.
    if (this.#phase === "thinking") this.context.send({ type: "log", data: "response_starting" });
    this.#apply({ type: "reply_finished", playing: this.context.playing(), userSpeaking: this.#userSpeaking });
  }

  #fail(reply: Reply, error: unknown): void {
    if (reply !== this.#reply) return;
    reportFailure(this.context, error, "the reply function failed; the session goes on");
    // One that hangs or yields garbage still runs: it must hear that nobody waits for it any more.
    reply.abort();
    this.#reply = undefined;
    this.#question?.state.keep();
    this.context.clearInputs();
    this.#apply({ type: "reply_finished", playing: this.context.playing(), userSpeaking: this.#userSpeaking });
  }
}

/**
 * What a client is told: for it a reply that is being played to its end, or held for a moment, is still being spoken, and a user
 * who may be done still speaks.
 */
function shown(phase: TurnPhase): TurnState {
  if (phase === "maybe_ended") return "user_speaking";
  return phase === "bot_finishing" || isHeld(phase) ? "bot_speaking" : phase;
}

function isReply(phase: TurnPhase): boolean {
  return phase === "thinking" || phase === "bot_speaking" || phase === "bot_finishing" || isHeld(phase);
}

function isHeld(phase: TurnPhase): phase is "paused" | "paused_finishing" {
  return phase === "paused" || phase === "paused_finishing";
}

function isUsers(phase: TurnPhase): boolean {
  return phase === "user_speaking" || phase === "maybe_ended";
}

function isAbort(action: TurnAction): boolean {
  return action === "abort_reply" || action === "abort_and_merge" || action === "withdraw_ahead";
}

function isSpoken(frame: AudioFrame): frame is SpokenFrame {
  return "text" in frame && typeof frame.text === "string";
}

function newest({ sampleRate, samples }: AudioFrame, durationMs: number): AudioFrame {
  return { sampleRate, samples: samples.subarray(-Math.floor((durationMs / 1_000) * sampleRate)) };
}

function join(first: AudioFrame, second: AudioFrame): AudioFrame {
  const samples = new Int16Array(first.samples.length + second.samples.length);
  samples.set(first.samples);
  samples.set(second.samples, first.samples.length);
  return { sampleRate: second.sampleRate, samples };
}
