/** The speech engines of one process: each made when first asked for, and closed all together. */
import { EdgeRtcError } from "../../shared/errors.ts";
import type { AudioFrame, AudioInput } from "../audio/frame.ts";
import type { EndOfTurnModel } from "../turn/end-of-turn-model.ts";
import type { PauseDetectionModel } from "../turn/grid/pause-detection-model.ts";
import { SmartTurn } from "./end-of-turn/smart-turn.ts";
import { MoonshineStt, type TranscribeOptions } from "./stt/moonshine-stt.ts";
import { FliteTts } from "./tts/flite-tts.ts";
import type { SpeechText, SpokenFrame } from "./tts/speak-stream.ts";
import { ChunkVad } from "./vad/chunk-vad.ts";
import { type OnProbability, SileroVad, type VadStream } from "./vad/silero-vad.ts";

/** FastRTC's names. */
export const STT_MODELS = ["moonshine/tiny"] as const;
export type STTModelName = (typeof STT_MODELS)[number];
export const TTS_MODELS = ["flite"] as const;
export type TTSModelName = (typeof TTS_MODELS)[number];

/** Speech to text. Any object with this method does. */
export interface STTModel {
  /**
   * The words in a piece of audio; "" where there are none.
   * @throws EdgeRtcError `stt_overloaded`, `invalid_audio`, `model_unavailable`, `speech_stopped`; the signal's reason.
   */
  stt(audio: AudioInput, options?: TranscribeOptions): Promise<string>;
}

export interface TTSOptions {
  /** Gives up: nothing more is synthesised. */
  readonly signal?: AbortSignal | undefined;
  /** Default is the model's own. */
  readonly voice?: string | undefined;
}

/** Text to speech. Any object with these methods does. */
export interface TTSModel {
  /**
   * The whole text as one piece of audio.
   * @throws EdgeRtcError `tts_overloaded`, `voice_unknown`, `model_unavailable`, `speech_stopped`; the signal's reason.
   */
  tts(text: string, options?: TTSOptions): Promise<AudioFrame>;
  /** Speaks text while it arrives: a frame for each sentence, the next one made while one plays. @throws as `tts`. */
  stream(text: SpeechText, options?: TTSOptions): AsyncGenerator<SpokenFrame, void, undefined>;
}

/** An engine that loads on its own. */
interface Loading {
  ready(): Promise<void>;
  close(): Promise<void>;
}

export interface SpeechOptions {
  /** An engine's thread died, or could not start. Default: a warning of the process. */
  readonly onError?: (error: Error) => void;
}

export class Speech {
  readonly #onError: (error: Error) => void;
  #vad: SileroVad | undefined;
  #chunkVad: ChunkVad | undefined;
  #endOfTurn: SmartTurn | undefined;
  #stt: { readonly engine: MoonshineStt; readonly model: STTModel } | undefined;
  #tts: { readonly engine: FliteTts; readonly model: TTSModel } | undefined;

  constructor(options: SpeechOptions = {}) {
    this.#onError = options.onError ?? ((error) => process.emitWarning(error));
  }

  /** The same object at every call. It starts to load at the first. @throws EdgeRtcError `model_unknown`. */
  getSTTModel(name: string = "moonshine/tiny"): STTModel {
    if (!STT_MODELS.some((known) => known === name)) throw unknown(name, STT_MODELS);
    if (this.#stt === undefined) {
      const engine = new MoonshineStt();
      this.#stt = { engine, model: { stt: (audio, options) => engine.transcribe(audio, options) } };
      this.#load(engine);
    }
    return this.#stt.model;
  }

  /** The same object at every call. It starts to load at the first. @throws EdgeRtcError `model_unknown`. */
  getTTSModel(name: string = "flite"): TTSModel {
    if (!TTS_MODELS.some((known) => known === name)) throw unknown(name, TTS_MODELS);
    if (this.#tts === undefined) {
      const engine = new FliteTts();
      const model: TTSModel = {
        tts: (text, options) => engine.synthesize(text, options),
        stream: (text, options) => engine.stream(text, options),
      };
      this.#tts = { engine, model };
      this.#load(engine);
    }
    return this.#tts.model;
  }

  /** FastRTC's voice activity detection; the same object at every call. It starts to load at the first. */
  getSileroModel(): PauseDetectionModel {
    if (this.#chunkVad === undefined) {
      this.#chunkVad = new ChunkVad();
      this.#load(this.#chunkVad);
    }
    return this.#chunkVad;
  }

  /** Hears whether a speaker is done; the same object at every call. It starts to load at the first. */
  getEndOfTurnModel(): EndOfTurnModel {
    if (this.#endOfTurn === undefined) {
      this.#endOfTurn = new SmartTurn();
      this.#load(this.#endOfTurn);
    }
    return this.#endOfTurn;
  }

  /** Opens voice activity detection for a session. */
  openVad(onProbability: OnProbability): VadStream {
    return this.#vadEngine().open(onProbability);
  }

  /** Resolves when voice activity detection, and every model asked for so far, is loaded and warm. @throws why not. */
  async ready(): Promise<void> {
    await Promise.all(
      [this.#vadEngine(), this.#chunkVad, this.#endOfTurn, this.#stt?.engine, this.#tts?.engine].map((engine) =>
        engine?.ready(),
      ),
    );
  }

  /** Ends every thread; what is under way fails with `speech_stopped`. Models asked for afterwards are new ones. */
  async close(): Promise<void> {
    const engines = [this.#vad, this.#chunkVad, this.#endOfTurn, this.#stt?.engine, this.#tts?.engine];
    this.#vad = undefined;
    this.#chunkVad = undefined;
    this.#endOfTurn = undefined;
    this.#stt = undefined;
    this.#tts = undefined;
    await Promise.all(engines.map((engine) => engine?.close()));
  }

  #vadEngine(): SileroVad {
    this.#vad ??= new SileroVad({ onError: this.#onError });
    return this.#vad;
  }

  #load(engine: Loading): void {
    engine.ready().catch((error: unknown) => {
      // Closed before it was loaded: nobody asked for it any more.
      if ([this.#chunkVad, this.#endOfTurn, this.#stt?.engine, this.#tts?.engine].some((open) => open === engine)) {
        this.#onError(error instanceof Error ? error : new Error(String(error)));
      }
    });
  }
}

function unknown(name: string, known: readonly string[]): EdgeRtcError {
  return new EdgeRtcError("model_unknown", `There is no model named "${name}" here; there is ${known.join(", ")}.`);
}
