/** Finds turns as speech comes, window by window: the default way. */
import { type AudioFrame, toInt16, toMono } from "../audio/frame.ts";
import { ListeningAudio } from "./listening-audio.ts";
import { SpeechDetector, type SpeechEvent } from "./speech-detector.ts";
import type { TurnFinder, TurnHost, WindowSource } from "./turn-finder.ts";
import { nextTurn, type TurnEvent } from "./turn-machine.ts";
import { TurnRecorder } from "./turn-recorder.ts";

type SpeechTurnsHost = Pick<TurnHost, "speech" | "sampleRate" | "openVad" | "onEvent">;

export class SpeechTurns implements TurnFinder {
  readonly announcesTalking: boolean = true;
  readonly next = nextTurn;
  readonly #host: SpeechTurnsHost;
  readonly #detector: SpeechDetector;
  readonly #recorder = new TurnRecorder();
  readonly #listening: ListeningAudio;
  readonly #vad: WindowSource;

  constructor(host: SpeechTurnsHost) {
    this.#host = host;
    this.#detector = new SpeechDetector(host.speech);
    this.#listening = new ListeningAudio(host.sampleRate);
    this.#vad = host.openVad((probability) => this.heardWindow(probability));
  }

  get speaking(): boolean {
    return this.#detector.speaking;
  }

  push(frame: AudioFrame): void {
    this.heardFrame(frame);
    this.#vad.push(this.#listening.convert(toInt16(toMono(frame))));
  }

  begin(): void {
    this.#recorder.begin();
  }

  discard(): void {
    this.#recorder.discard();
  }

  take(paused: boolean): AudioFrame {
    const { sampleRate, speech } = this.#host;
    // Only a turn that the detector ended has its silence behind it.
    return this.#recorder.take(sampleRate, paused ? speech.silenceMs : 0);
  }

  restart(): void {
    this.#detector.reset();
  }

  close(): void {
    this.#vad.close();
  }

  /** Takes the audio of a turn, or of the moments before one. */
  protected heardFrame(frame: AudioFrame): void {
    this.#recorder.push(frame);
  }

  /** Takes what the detector says of the next window. */
  protected heardWindow(probability: number): void {
    const event = this.#detector.push(probability);
    if (event === undefined) return;
    if (event === "started") this.#recorder.begin();
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
