/** The ways of finding turns, seen from the handler: audio in; when the user speaks and stops, and what was said, out. */
import type { AudioFrame } from "../audio/frame.ts";
import type { Clock } from "../time/clock.ts";
import type { Backchannels } from "./backchannels.ts";
import type { EndOfTurnOptions } from "./end-of-turn.ts";
import type { EndOfTurnModel } from "./end-of-turn-model.ts";
import type { SpeechOptions } from "./speech-detector.ts";
import type { TurnEvent, TurnPhase, TurnStep } from "./turn-machine.ts";

/** Takes what was found, in order. */
export type OnTurnEvent = (event: TurnEvent) => void;

/**
 * What whoever listens waits for: `speech`, that it begins; a number, the window so many milliseconds of audio after the last that was
 * reported, before which nothing can be decided.
 */
export type Expected = "speech" | number;

/** A session's voice activity detector: 16 kHz samples in. */
export interface WindowSource {
  push(samples: Int16Array): void;
  /** Tells what is waited for. Where that is not taken, windows come as soon as they can. */
  awaits?(what: Expected): void;
  close(): void;
}

/** What there is to find turns with. */
export interface TurnHost {
  readonly speech: SpeechOptions;
  /** Asked in pauses whether the turn is over. Undefined: silence alone ends it. */
  readonly endOfTurn?: { readonly model: EndOfTurnModel; readonly options: EndOfTurnOptions } | undefined;
  /** Of the frames. */
  readonly sampleRate: number;
  /** Silence after which the user has paused, to think ahead. Undefined: nobody wants to know. */
  readonly thinkAheadMs?: number | undefined;
  /** What a listener says without interrupting, and how it is told. Undefined: whatever is said long enough interrupts. */
  readonly backchannels?: Backchannels | undefined;
  /** Whether a reply is held, because somebody seems to speak. */
  readonly holdsReply?: () => boolean;
  /** Whether a reply that was begun ahead has nothing to be heard yet. */
  readonly awaitsReply?: () => boolean;
  readonly openVad: (onProbability: (probability: number) => void) => WindowSource;
  readonly clock: Clock;
  readonly onEvent: OnTurnEvent;
  /** A model failed: turns may be missed. */
  readonly onError: (error: unknown) => void;
}

export interface TurnFinder {
  /** True while the user is taken to be talking. */
  readonly speaking: boolean;
  /** Whether the client is told that the user talks. */
  readonly announcesTalking: boolean;
  /** What an event means in a phase, where turns are found in this way. */
  next(phase: TurnPhase, event: TurnEvent): TurnStep;
  /** Takes the user's audio. The next frame waits for the promise, if there is one. */
  push(frame: AudioFrame): void | Promise<void>;
  /** From now on what is said belongs to a turn. */
  begin(): void;
  /** What was said since {@link begin} belongs to none. */
  discard(): void;
  /**
   * What was said, as one frame; the next turn starts afresh.
   * @param paused whether the turn ended with a `speech_ended`.
   */
  take(paused: boolean): AudioFrame;
  /** What was said so far, as one frame; the turn goes on. */
  peek(): AudioFrame;
  /** The user went on with the turn that was taken last, before anything was answered. */
  wentOn(): void;
  /** Takes the user to be silent; what was said is kept. */
  restart(): void;
  close(): void;
}
