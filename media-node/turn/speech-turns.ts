/** Finds turns as speech comes, window by window: the default way. */
import { type AudioFrame, type HeardFrame, toMonoFrame } from "../audio/frame.ts";
import { BackchannelCheck } from "./backchannels.ts";
import { ListeningAudio } from "./listening-audio.ts";
import { patientPace, SpeakerPace } from "./speaker-pace.ts";
import { SpeechDetector, type SpeechEvent, VAD_WINDOW_MS } from "./speech-detector.ts";
import { ThinkingAhead } from "./thinking-ahead.ts";
import type { Expected, TurnFinder, TurnHost, WindowSource } from "./turn-finder.ts";
import { TurnJudge } from "./turn-judge.ts";
import { nextTurn, type TurnEvent } from "./turn-machine.ts";
import { TurnRecorder } from "./turn-recorder.ts";

export class SpeechTurns implements TurnFinder {
  readonly announcesTalking: boolean = true;
  readonly next = nextTurn;
  readonly #host: TurnHost;
  readonly #detector: SpeechDetector;
  readonly #recorder: TurnRecorder;
  readonly #listening: ListeningAudio;
  readonly #pace: SpeakerPace;
  /** Of turns whose reply is not ready at that pace. */
  readonly #patience: SpeakerPace;
  readonly #vad: WindowSource;
  /** Where a model is asked whether the turn is over. */
  readonly #judge: TurnJudge | undefined;
  readonly #ahead: ThinkingAhead | undefined;
  /** While it is open whether what is said over a reply interrupts it. */
  #check: BackchannelCheck | undefined;
  /** Silence at the end of the turn that ended last. */
  #endSilenceMs = 0;
  /** Heard since then, up to the speech that follows. */
  #sinceEndMs = 0;

  constructor(host: TurnHost) {
    this.#host = host;
    this.#detector = new SpeechDetector(host.speech);
    this.#recorder = new TurnRecorder(host.sampleRate);
    this.#listening = new ListeningAudio(host.sampleRate);
    this.#pace = new SpeakerPace(host.speech);
    this.#patience = new SpeakerPace(patientPace(host.speech));
    const { endOfTurn, onError, thinkAheadMs, speech } = host;
    if (endOfTurn !== undefined) this.#judge = new TurnJudge({ ...endOfTurn, onError });
    if (thinkAheadMs !== undefined) this.#ahead = new ThinkingAhead({ thinkAheadMs, minSpeechMs: speech.minSpeechMs });
    this.#vad = host.openVad((probability) => this.heardWindow(probability));
  }

  get speaking(): boolean {
    return this.#detector.speaking;
  }

  push(frame: AudioFrame): void {
    const heard = toMonoFrame(frame);
    this.heardFrame(heard);
    const samples = this.#listening.convert(heard.samples);
    this.#judge?.push(samples);
    this.#vad.push(samples);
  }

  begin(): void {
    this.#recorder.begin();
  }

  discard(): void {
    this.#recorder.discard();
  }

  take(paused: boolean): AudioFrame {
    // Only a turn that the detector ended has its silence behind it.
    return this.#recorder.take(paused ? this.#endSilenceMs : 0);
  }

  peek(): AudioFrame {
    return this.#recorder.peek(this.#detector.silenceMs);
  }

  wentOn(): void {
    // The first window of speech, as a rule, was heard before it counted as such.
    this.#wentOnAfter(this.#endSilenceMs + this.#sinceEndMs - VAD_WINDOW_MS);
  }

  restart(): void {
    this.#detector.reset();
    this.#over();
    this.awaitSpeech();
  }

  close(): void {
    this.#over();
    this.#vad.close();
  }

  /** Takes the audio of a turn, or of the moments before one: one channel. */
  protected heardFrame({ samples }: HeardFrame): void {
    this.#recorder.push(samples);
  }

  /** Takes what the detector says of the next window. */
  protected heardWindow(probability: number): void {
    const pausedMs = this.#detector.silenceMs;
    // With this window, also where it ends the turn and the detector has none any more.
    const silenceMs = probability < this.#host.speech.silenceThreshold ? pausedMs + VAD_WINDOW_MS : 0;
    const event = this.#detector.push(probability, this.#endMs(this.#paceMs(pausedMs)));
    if (this.#detector.speaking) this.#heardInTurn(event, silenceMs, pausedMs);
    else this.#heardOutside(event);
    if (event !== undefined) this.#tell(event, silenceMs);
    this.#vad.awaits?.(this.#awaited());
  }

  /** Until it is told something else, the detector may take its time with all that is no speech. */
  protected awaitSpeech(): void {
    this.#vad.awaits?.("speech");
  }

  /** What the next window that changes anything is. */
  #awaited(): Expected {
    if (!this.#detector.speaking) return "speech";
    // While it is open whether a reply is cut off, each window counts.
    const isOpen = this.#check !== undefined || !this.#detector.confirmed;
    if (isOpen && this.#host.holdsReply?.() !== false) return 0;
    const { silenceMs } = this.#detector;
    // Of each window of each session, hence without lists.
    let nextMs = Number.POSITIVE_INFINITY;
    const mayCome = (atMs: number | undefined): void => {
      if (atMs !== undefined && atMs > silenceMs && atMs < nextMs) nextMs = atMs;
    };
    mayCome(this.#host.thinkAheadMs);
    mayCome(this.#judge?.nextMs(silenceMs));
    mayCome(this.#endMs(this.#pace.silenceMs));
    mayCome(this.#endMs(this.#paceMs(silenceMs)));
    return nextMs === Number.POSITIVE_INFINITY ? 0 : nextMs - silenceMs;
  }

  /** Silence that ends the turn, where `paceMs` would end it without a model's verdict. */
  #endMs(paceMs: number): number {
    return this.#judge?.endingSilenceMs(paceMs) ?? paceMs;
  }

  /**
   * A reply that is ready when the speaker has been silent for long enough is given. For one that is not, the turn may stay open a while.
   * @param pausedMs silence up to the window that is being looked at.
   */
  #paceMs(pausedMs: number): number {
    const { silenceMs } = this.#pace;
    // A reply that comes later than that waits, too: who is silent for a little longer than usual may be about to go on.
    const patient = this.#ahead !== undefined && (pausedMs >= silenceMs || this.#host.awaitsReply?.() === true);
    return patient ? this.#patience.silenceMs : silenceMs;
  }

  #wentOnAfter(pauseMs: number): void {
    this.#pace.wentOnAfter(pauseMs);
    this.#patience.wentOnAfter(pauseMs);
  }

  #heardInTurn(event: SpeechEvent | undefined, silenceMs: number, pausedMs: number): void {
    if (event === "started") this.#judge?.begin();
    this.#judge?.heard(silenceMs);
    if (silenceMs === 0) this.#wentOnAfter(pausedMs);
    const { speechMs } = this.#detector;
    const news = this.#ahead?.heard(speechMs, silenceMs);
    if (news !== undefined) this.#host.onEvent({ type: news });
    this.#check?.heard(speechMs, silenceMs);
  }

  #heardOutside(event: SpeechEvent | undefined): void {
    this.#sinceEndMs += VAD_WINDOW_MS;
    if (event === "ended") {
      this.#pace.turnEnded();
      this.#patience.turnEnded();
    }
    this.#judge?.over();
    this.#ahead?.over();
  }

  #tell(event: SpeechEvent, silenceMs: number): void {
    if (event === "started") this.#recorder.begin();
    if (event === "confirmed" && this.#beginCheck()) return;
    // A turn that ends before its check has: whatever it was, it was said.
    if ((event === "ended" || event === "dismissed") && this.#endCheck()) this.#host.onEvent(turnEvents.confirmed);
    if (event === "ended") {
      this.#endSilenceMs = silenceMs;
      this.#sinceEndMs = 0;
    }
    this.#host.onEvent(turnEvents[event]);
  }

  /** @returns whether it is open now if what is said interrupts. */
  #beginCheck(): boolean {
    const { backchannels, clock, holdsReply, onEvent } = this.#host;
    if (backchannels === undefined || holdsReply?.() !== true) return false;
    this.#check = new BackchannelCheck({
      backchannels,
      clock,
      audio: () => this.peek(),
      onVerdict: (verdict) => {
        this.#check = undefined;
        onEvent(verdict === "backchannel" ? turnEvents.lapsed : turnEvents.confirmed);
      },
    });
    return true;
  }

  /** @returns whether there was one. */
  #endCheck(): boolean {
    const check = this.#check;
    this.#check = undefined;
    check?.withdraw();
    return check !== undefined;
  }

  #over(): void {
    this.#judge?.over();
    this.#ahead?.over();
    this.#endCheck();
  }
}

const turnEvents: Readonly<Record<SpeechEvent, TurnEvent>> = {
  started: { type: "speech_started" },
  confirmed: { type: "speech_confirmed" },
  lapsed: { type: "speech_lapsed" },
  ended: { type: "speech_ended" },
  dismissed: { type: "speech_dismissed" },
};
