/** Finds turns as speech comes, window by window: the default way. */
import { type AudioFrame, toInt16, toMono } from "../audio/frame.ts";
import { ListeningAudio } from "./listening-audio.ts";
import { SpeechDetector, type SpeechEvent, VAD_WINDOW_MS } from "./speech-detector.ts";
import type { TurnFinder, TurnHost, WindowSource } from "./turn-finder.ts";
import { TurnJudge } from "./turn-judge.ts";
import { nextTurn, type TurnEvent } from "./turn-machine.ts";
import { TurnRecorder } from "./turn-recorder.ts";

type SpeechTurnsHost = Pick<TurnHost, "speech" | "endOfTurn" | "sampleRate" | "openVad" | "onEvent" | "onError">;

export class SpeechTurns implements TurnFinder {
  readonly announcesTalking: boolean = true;
  readonly next = nextTurn;
  readonly #host: SpeechTurnsHost;
  readonly #detector: SpeechDetector;
  readonly #recorder = new TurnRecorder();
  readonly #listening: ListeningAudio;
  readonly #vad: WindowSource;
  /** Where a model is asked whether the turn is over. */
  readonly #judge: TurnJudge | undefined;
  /** Silence at the end of the turn that ended last. */
  #endSilenceMs = 0;

  constructor(host: SpeechTurnsHost) {
    this.#host = host;
    this.#detector = new SpeechDetector(host.speech);
    this.#listening = new ListeningAudio(host.sampleRate);
    const { endOfTurn, onError } = host;
    if (endOfTurn !== undefined) {
      this.#judge = new TurnJudge({ ...endOfTurn, silenceMs: host.speech.silenceMs, onError });
    }
    this.#vad = host.openVad((probability) => this.heardWindow(probability));
  }

  get speaking(): boolean {
    return this.#detector.speaking;
  }

  push(frame: AudioFrame): void {
    this.heardFrame(frame);
    const samples = this.#listening.convert(toInt16(toMono(frame)));
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
    return this.#recorder.take(this.#host.sampleRate, paused ? this.#endSilenceMs : 0);
  }

  restart(): void {
    this.#detector.reset();
    this.#judge?.over();
  }

  close(): void {
    this.#judge?.over();
    this.#vad.close();
  }

  /** Takes the audio of a turn, or of the moments before one. */
  protected heardFrame(frame: AudioFrame): void {
    this.#recorder.push(frame);
  }

  /** Takes what the detector says of the next window. */
  protected heardWindow(probability: number): void {
    const { silenceThreshold } = this.#host.speech;
    const silenceMs = probability < silenceThreshold ? this.#detector.silenceMs + VAD_WINDOW_MS : 0;
    const event = this.#detector.push(probability, this.#judge?.endingSilenceMs);
    if (event === "started") this.#judge?.begin();
    if (this.#detector.speaking) this.#judge?.heard(silenceMs);
    else this.#judge?.over();
    if (event === undefined) return;
    if (event === "started") this.#recorder.begin();
    if (event === "ended") this.#endSilenceMs = silenceMs;
    this.#host.onEvent(turnEvents[event]);
  }
}

const turnEvents: Readonly<Record<SpeechEvent, TurnEvent>> = {
  started: { type: "speech_started" },
  confirmed: { type: "speech_confirmed" },
  lapsed: { type: "speech_lapsed" },
  ended: { type: "speech_ended" },
  dismissed: { type: "speech_dismissed" },
};
